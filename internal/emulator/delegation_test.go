package emulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

func TestAnInstanceSignsForTheUserOfADelegationToken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Clock: func() time.Time { return now }})
	c.service.AddInstance("instance", &c.creds.PrivateKey.PublicKey, now.Add(time.Hour))
	c.service.AddDelegation(c.user, "delegation", now.Add(time.Minute))
	c.keyID, c.date = "ST$instance", now

	c.do("GET", c.path(), "").requireError(t, 404, "NotAuthorizedOrNotFound") // an instance by itself may do nothing

	covered := []string{"date", "(request-target)", "host", "opc-obo-token"}
	c.headers = covered
	assert.Equal(t, 200, c.do("GET", c.path(), "", "opc-obo-token", "delegation").status)
	journal := c.service.Journal()
	require.NotEmpty(t, journal)
	assert.Equal(t, c.user, journal[len(journal)-1].CallerID)

	c.do("GET", c.path(), "", "opc-obo-token", "another").requireError(t, 401, "NotAuthenticated")
	c.headers = covered[:3]
	c.do("GET", c.path(), "", "opc-obo-token", "delegation").requireError(t, 401, "NotAuthenticated") // it is not signed
	c.headers = covered
	c.tamper = func(r *http.Request) { r.Header.Set("opc-obo-token", "another") }
	c.do("GET", c.path(), "", "opc-obo-token", "delegation").requireError(t, 401, "NotAuthenticated")
	c.tamper = nil
	now = now.Add(2 * time.Minute)
	c.date = now
	c.do("GET", c.path(), "", "opc-obo-token", "delegation").requireError(t, 401, "NotAuthenticated") // it has expired
}
