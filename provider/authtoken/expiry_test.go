package authtoken

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
)

func TestCheckExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		expires string
		old     property.Value
		wrong   string
	}{
		"in the future":                      {"2030-01-01T00:00:01Z", property.Value{}, ""},
		"with an offset":                     {"2030-01-01T01:00:00+00:30", property.Value{}, ""},
		"in the past":                        {"2029-12-31T23:59:59Z", property.Value{}, "has passed"},
		"now":                                {"2030-01-01T00:00:00Z", property.Value{}, "has passed"},
		"of a token that exists":             {"2029-12-31T23:59:59Z", property.New("2029-12-31T23:59:59.000Z"), ""},
		"of a token that exists, and change": {"2029-12-31T23:59:58Z", property.New("2029-12-31T23:59:59Z"), "has passed"},
		"a date":                             {"2030-05-01", property.Value{}, "RFC 3339"},
		"nothing":                            {"", property.Value{}, "RFC 3339"},
		"words":                              {"tomorrow", property.Value{}, `"tomorrow"`},
	} {
		err := checkExpiry(test.expires, test.old, now)
		if test.wrong == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, test.wrong, name)
	}
}

func TestExpiryWarning(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	created := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		life, age time.Duration
		said      string
	}{
		"a year, new":               {365 * day, 0, ""},
		"a year, a tenth is left":   {365 * day, 328 * day, ""},
		"a year, less than a tenth": {365 * day, 330 * day, "in 35 days"},
		"a month, 8 days left":      {30 * day, 22 * day, ""},
		"a month, 6 days left":      {30 * day, 24 * day, "in 6 days"},
		"a week, new":               {7 * day, 0, ""},
		"a week, half":              {7 * day, 4 * day, ""},
		"a day, an hour left":       {day, 23 * time.Hour, "in 60 minutes"},
		"two minutes left":          {time.Hour, 58 * time.Minute, "in 2 minutes"},
		"an hour, new":              {time.Hour, 0, ""},
		"a second left":             {time.Hour, time.Hour - time.Second, "in a minute."},
		"over":                      {day, day, "token expired at"},
		"long over":                 {day, 9 * day, "token expired at"},
	} {
		warning := expiryWarning(created, created.Add(test.life), created.Add(test.age))
		if test.said == "" {
			assert.Empty(t, warning, name)
			continue
		}
		assert.Contains(t, warning, test.said, name)
		assert.Contains(t, warning, "set timeExpires to a later date", name)
	}
	assert.Contains(t, expiryWarning(time.Time{}, created.Add(6*day), created), "in 6 days", "it is not known when it was created")
	assert.Empty(t, expiryWarning(time.Time{}, created.Add(8*day), created))
}
