package simulation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// story is a readable log of what happened. It records nothing unless somebody will read it.
type story struct {
	began   time.Time
	written bool

	mu    sync.Mutex
	lines []line
}

type line struct {
	at   time.Duration
	text string
}

// note records what happens now.
func (s *story) note(text func() string) { s.noteAt(time.Now(), text) }

func (s *story) noteAt(at time.Time, text func() string) {
	if !s.written {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line{at.Sub(s.began), text()})
}

// anOCID matches identifiers, which a story shows under short names.
var anOCID = regexp.MustCompile(`ocid1\.(user|credential|tenancy)\.oc1\.\.[a-z0-9]+`)

// String returns the story in order of time, with short names for identifiers.
func (s *story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.lines, func(a, b line) int { return int(a.at.Round(time.Millisecond) - b.at.Round(time.Millisecond)) })
	s.settleTies()
	var text strings.Builder
	for _, l := range s.lines {
		fmt.Fprintf(&text, "%12s %s\n", l.at.Round(time.Millisecond), l.text)
	}
	return shortIDs(text.String())
}

// settleTies sorts the lines of one operation at one moment alphabetically. Calls that wait for the same answer continue in any order.
func (s *story) settleTies() {
	said := func(i int) bool { return strings.HasPrefix(s.lines[i].text, "  ") }
	for i := 0; i < len(s.lines); i++ {
		end := i
		for end < len(s.lines) && said(end) && s.lines[end].at.Round(time.Millisecond) == s.lines[i].at.Round(time.Millisecond) {
			end++
		}
		if end > i+1 {
			slices.SortFunc(s.lines[i:end], func(a, b line) int { return strings.Compare(a.text, b.text) })
		}
		i = max(i, end-1)
	}
}

// requestID matches the id of a request. Simultaneous requests get their ids in any order, so a story does not show them.
var requestID = regexp.MustCompile(`opc-request-id [0-9A-Fa-f/]+`)

// shortIDs replaces identifiers with short names.
func shortIDs(text string) string {
	text = requestID.ReplaceAllString(text, "opc-request-id")
	names, counts := map[string]string{}, map[string]int{}
	return anOCID.ReplaceAllStringFunc(text, func(id string) string {
		name, ok := names[id]
		if !ok {
			kind := strings.Replace(strings.Split(id, ".")[1], "credential", "token", 1)
			counts[kind]++
			name = fmt.Sprintf("<%s %c>", kind, 'A'-1+counts[kind])
			names[id] = name
		}
		return name
	})
}

// shorten cuts a message to the part that a reader needs.
func shorten(text string) string {
	text = strings.ReplaceAll(text, "\n", "\n                 ")
	if len(text) > 1200 {
		return strings.ToValidUTF8(text[:1200], "") + "…"
	}
	return text
}

// describe returns a request to the service and its answer, for the story.
func describe(r emulator.Request) string {
	answer := fmt.Sprintf("%d %s", r.Status, r.Code)
	if r.Status == 0 {
		answer = "no answer"
	}
	if r.Fault {
		answer += " (a fault)"
	}
	operation := r.Operation
	if operation == "" {
		operation = r.Method + " " + r.Path
	}
	subject := strings.TrimSpace(r.UserID + " " + r.TokenID)
	return strings.TrimRight(fmt.Sprintf("      OCI %s: %s %s -> %s", r.Region, operation, subject, answer), " ")
}
