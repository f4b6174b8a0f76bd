package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// Fault makes the service fail for the requests that it matches. The first fault that matches a request applies.
type Fault struct {
	// Operation is the call that the fault matches, such as CreateAuthToken. Empty means every call.
	Operation string `json:"operation,omitempty"`
	// UserID is the user whom the request is about. Empty means every user.
	UserID string `json:"userId,omitempty"`
	// Region is the region that the request goes to. Empty means every region.
	Region string `json:"region,omitempty"`
	// Skip lets this many matching requests pass first.
	Skip int `json:"skip,omitempty"`
	// Times is how many requests the fault applies to. After that it is removed. 0 means that it stays.
	Times int `json:"times,omitempty"`
	// Probability is the probability that the fault applies to a matching request, from 0 to 1. 0 means always.
	Probability float64 `json:"probability,omitempty"`

	// Delay is the wait before the request is carried out.
	Delay Duration `json:"delay,omitempty"`
	// Status is the status of the answer, and the request is not carried out. It is an error, or a redirect to the address in the
	// header Location, or, with a Body, any status that something on the way answers with. 0 means that the request is carried out.
	Status int `json:"status,omitempty"`
	// Code and Message are the error in that answer.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Body replaces the body of that answer, as a proxy might. Without a Status, the request is carried out, and Body replaces the
	// body of its answer.
	Body string `json:"body,omitempty"`
	// Append is added to the body of the answer.
	Append string `json:"append,omitempty"`
	// MediaType is the Content-Type of the answer. Empty means the Content-Type without a fault.
	MediaType string `json:"mediaType,omitempty"`
	// Omit lists fields to leave out of the answer, and Set has fields to overwrite. If the answer is a list, they apply to each item.
	Omit []string       `json:"omit,omitempty"`
	Set  map[string]any `json:"set,omitempty"`
	// Header is added to the answer.
	Header map[string]string `json:"header,omitempty"`
	// Drop closes the connection without an answer.
	Drop Drop `json:"drop,omitempty"`
	// Late closes the connection without an answer at once, and carries out the request this much later.
	Late Duration `json:"late,omitempty"`
	// Truncate sends this many bytes of the answer's body, and then closes the connection. 0 means all.
	Truncate int `json:"truncate,omitempty"`
	// Twice sends the answer a second time on the same connection.
	Twice bool `json:"twice,omitempty"`
	// Endless makes the body of the answer go on until the client closes the connection.
	Endless bool `json:"endless,omitempty"`
	// Hold, if it is set, is called after the request has been carried out and before it is answered. The answer waits until Hold
	// returns. It is for Go tests.
	Hold func() `json:"-"`
}

// Drop says when a connection is closed without an answer.
type Drop string

// When a connection is closed without an answer: before the request is carried out, or after.
const (
	DropBeforeCommit Drop = "beforeCommit"
	DropAfterCommit  Drop = "afterCommit"
)

// Duration is a time.Duration that is encoded in JSON as Go formats it: "1.5s".
type Duration time.Duration

// UnmarshalJSON parses a string such as "1.5s".
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf(`a duration is a text such as "1.5s": %w`, err)
	}
	parsed, err := time.ParseDuration(text)
	*d = Duration(parsed)
	return err
}

// MarshalJSON returns a string such as "1.5s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// ParseFault parses a fault in JSON.
func ParseFault(r io.Reader) (Fault, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	var fault Fault
	if err := decoder.Decode(&fault); err != nil {
		return Fault{}, fmt.Errorf("this is not a fault: %w", err)
	}
	return fault, fault.check()
}

// check returns what is wrong with a fault that a person has written.
func (f Fault) check() error {
	switch {
	case f.Operation != "" && !slices.Contains(operations, f.Operation):
		return fmt.Errorf("unknown operation %q: there are %v", f.Operation, operations)
	case f.Drop != "" && f.Drop != DropBeforeCommit && f.Drop != DropAfterCommit:
		return fmt.Errorf("drop is %q or %q, not %q", DropBeforeCommit, DropAfterCommit, f.Drop)
	case f.Status != 0 && f.Body == "" && f.Status < 300, f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d is not that of a redirect or an error", f.Status)
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("probability %v is not between 0 and 1", f.Probability)
	case f.Skip < 0 || f.Times < 0 || f.Delay < 0 || f.Late < 0 || f.Truncate < 0:
		return fmt.Errorf("skip, times, delay, late and truncate are not negative")
	}
	return nil
}

// faults holds the faults in force.
type faults struct {
	rules  []*Fault
	random *rand.Rand
}

func (f *faults) seed(seed uint64) {
	f.random = rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // faults want to be repeatable, not secret
}

// next returns the fault that applies to a request, if there is one.
func (f *faults) next(operation, userID, region string) (Fault, bool) {
	for i, rule := range f.rules {
		if (rule.Operation != "" && rule.Operation != operation) || (rule.UserID != "" && rule.UserID != userID) ||
			(rule.Region != "" && rule.Region != region) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		if rule.Probability > 0 && f.random.Float64() >= rule.Probability {
			continue
		}
		applies := *rule
		if rule.Times > 0 {
			if rule.Times--; rule.Times == 0 {
				f.rules = slices.Delete(f.rules, i, i+1)
			}
		}
		return applies, true
	}
	return Fault{}, false
}

// Inject adds faults after those in force.
func (s *Service) Inject(added ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range added {
		s.faults.rules = append(s.faults.rules, &fault)
	}
}

// Faults returns the faults in force.
func (s *Service) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	inForce := make([]Fault, len(s.faults.rules))
	for i, rule := range s.faults.rules {
		inForce[i] = *rule
	}
	return inForce
}

// ClearFaults removes all faults.
func (s *Service) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.rules = nil
}

// before applies a fault before the request is carried out. It returns the fault's answer, if it has one.
func (f Fault) before(c *call, s *Service) *reply {
	if f.Delay > 0 {
		if s.config.Sleep(c.Context(), time.Duration(f.Delay)) != nil {
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.Drop == DropBeforeCommit:
		panic(http.ErrAbortHandler)
	case f.Status == 0:
		return nil
	case f.Body != "":
		return &reply{status: f.Status, mediaType: "text/html", body: []byte(f.Body)}
	default:
		return c.refusal(failure{f.Status, f.Code, f.Message})
	}
}

// alter applies a fault to an answer that is about to be sent.
func (f Fault) alter(r *reply) {
	if len(f.Omit) > 0 || len(f.Set) > 0 {
		r.body = edited(r.body, f.Omit, f.Set)
	}
	if f.Status == 0 && f.Body != "" && r.body != nil {
		r.body = []byte(f.Body)
	}
	if r.body != nil {
		r.body = append(r.body, f.Append...)
	}
	if f.MediaType != "" {
		r.mediaType = f.MediaType
	}
}

// edited returns a JSON object, or a list of objects, with fields left out and overwritten. Any other text stays as it is.
func edited(text []byte, omit []string, set map[string]any) []byte {
	var decoded any
	if json.Unmarshal(text, &decoded) != nil {
		return text
	}
	items, isList := decoded.([]any)
	if !isList {
		items = []any{decoded}
	}
	if page, ok := decoded.(map[string]any); ok {
		if resources, ok := page["Resources"].([]any); ok {
			items = resources // a list of an identity domain
		}
	}
	for _, item := range items {
		object, ok := item.(map[string]any)
		if !ok {
			continue
		}
		for _, name := range omit {
			delete(object, name)
		}
		maps.Copy(object, set)
	}
	return encoded(decoded)
}

// bucketOf returns the bucket of a calling user. The caller holds the lock.
func (s *Service) bucketOf(userID string) *bucket {
	b, ok := s.buckets[userID]
	if !ok {
		b = &bucket{}
		s.buckets[userID] = b
	}
	return b
}

// SetRequestsPerSecond sets how many requests a second are admitted from now on, in total and for each calling user. 0 means all.
func (s *Service) SetRequestsPerSecond(together, perUser float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.RequestsPerSecond, s.config.RequestsPerSecondPerUser = together, perUser
}

// bucket admits requests at a rate. It admits the requests of a second all at once.
type bucket struct {
	level float64
	at    time.Time
}

func (b *bucket) admit(now time.Time, perSecond float64) bool {
	burst := max(perSecond, 1)
	if b.at.IsZero() {
		b.level = burst
	} else {
		b.level = min(burst, b.level+now.Sub(b.at).Seconds()*perSecond)
	}
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
