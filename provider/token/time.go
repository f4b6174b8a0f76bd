package token

import "time"

// Day is a day of 24 hours.
const Day = 24 * time.Hour

// lastWeek is how long before its expiry a token is warned about, if it lives for longer than that.
const lastWeek = 7 * Day

// lastShare says which part of a token's life is the last: a tenth of it.
const lastShare = 10

// ExpiresSoonFrom returns from when on a token is about to expire: for the last tenth of its life and, if it lives for longer than a
// week, at least for the last week. It returns the zero time if the token never expires.
func ExpiresSoonFrom(created, expires time.Time) time.Time {
	if expires.IsZero() {
		return expires
	}
	soon, life := lastWeek, expires.Sub(created)
	if !created.IsZero() {
		soon = life / lastShare
		if life > lastWeek {
			soon = max(soon, lastWeek)
		}
	}
	return expires.Add(-soon)
}
