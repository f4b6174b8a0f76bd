package authtoken

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// checkExpiry returns what is wrong with a date of expiry, or nil. A date that has passed is wrong for a new token only. The date of
// an existing token passes some day, and that must not stop the rest of the program. Old is the date before the update.
func checkExpiry(s string, old property.Value, now time.Time) error {
	expires, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a time in the format of RFC 3339, such as 2030-01-31T00:00:00Z", safetext.Text(s))
	case old.IsString() && token.Time(old.AsString()).Equal(expires):
		return nil
	case !expires.After(now):
		return fmt.Errorf("%s has passed: choose a time in the future", expires.Format(time.RFC3339))
	}
	return nil
}

// expiryWarning returns the warning about a token that has expired or will expire soon, or "" if there is none.
func expiryWarning(created, expires, now time.Time) string {
	const renew = "To renew it, set timeExpires to a later date. That replaces the token, and with it the value"
	switch {
	case expires.IsZero():
	case !now.Before(expires):
		return fmt.Sprintf("this auth token expired at %s. %s.", tokens.RFC3339(expires), renew)
	case now.After(token.ExpiresSoonFrom(created, expires)):
		return fmt.Sprintf("this auth token expires at %s, in %s. %s.", tokens.RFC3339(expires), inWords(expires.Sub(now)), renew)
	}
	return ""
}

// inWords returns a duration as people say it, such as "3 days".
func inWords(d time.Duration) string {
	switch {
	case d >= 2*token.Day:
		return fmt.Sprintf("%d days", d/token.Day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return "a minute"
	}
}
