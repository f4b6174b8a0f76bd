package tokens

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

// slowLists is an API whose lists take a second. It counts them.
type slowLists struct {
	API
	asked atomic.Int32
}

func (s *slowLists) List(ctx context.Context, _ ReadFrom, _ bool) ([]Token, error) {
	s.asked.Add(1)
	return []Token{{ID: "a"}, {ID: "b"}}, oci.SystemClock{}.Sleep(ctx, time.Second)
}

func (*slowLists) Update(context.Context, string, string) (Token, error) { return Token{ID: "a"}, nil }

func TestReadsOfOneUserAtOnceShareAList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		other   UserRef
		between func(*testing.T, *User)
		from    ReadFrom
		want    int32
	}{
		"the same user":           {UserRef{ID: "u"}, nil, Configured, 1},
		"another user":            {UserRef{ID: "v"}, nil, Configured, 2},
		"a user of a domain":      {UserRef{ID: "u", DomainURL: "https://d"}, nil, Configured, 2},
		"the region of the write": {UserRef{ID: "u"}, nil, Writer, 2},
		"a write between": {UserRef{ID: "u"}, func(t *testing.T, u *User) {
			t.Helper()
			_, err := u.UpdateToken(t.Context(), "a", "new")
			require.NoError(t, err)
		}, Configured, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &slowLists{}
				client := New(&oci.Client{Clock: oci.SystemClock{}}, func(oci.Caller, UserRef) (API, error) { return api, nil })
				one, err := client.User(UserRef{ID: "u"}, ocitest.Silence{})
				require.NoError(t, err)
				other, err := client.User(test.other, ocitest.Silence{})
				require.NoError(t, err)
				var all sync.WaitGroup
				read := func(u *User) {
					all.Go(func() {
						listed, err := u.ListTokens(t.Context(), test.from)
						assert.NoError(t, err)
						assert.Len(t, listed, 2)
						listed[0] = Token{} // the list is the reader's own
					})
					synctest.Wait()
				}
				read(one)
				if test.between != nil {
					test.between(t, one)
				}
				read(other)
				all.Wait()
				assert.Equal(t, test.want, api.asked.Load())
			})
		})
	}
}
