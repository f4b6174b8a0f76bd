package simulation

import (
	"slices"
	"testing"
	"time"
)

// shrink removes steps from a program as long as the same promise is broken. Each step makes sense by itself, and a story takes
// milliseconds, so this needs no library.
func shrink(t *testing.T, seed uint64, program []step, kind string) []step {
	deadline := time.Now().Add(20 * time.Second)
	breaks := func(candidate []step) bool {
		if time.Now().After(deadline) {
			return false
		}
		// The jitter between attempts may differ between runs, so a story gets a second chance.
		for range 2 {
			if r := tell(t, seed, candidate, false); r.wrong != nil && r.wrong.kind == kind {
				return true
			}
		}
		return false
	}
	for shrunk := true; shrunk; {
		shrunk = false
		for size := max(1, len(program)/2); size >= 1; size /= 2 {
			for i := 0; i+size <= len(program); {
				if candidate := slices.Delete(slices.Clone(program), i, i+size); breaks(candidate) {
					program, shrunk = candidate, true
				} else {
					i += size
				}
			}
		}
		for i := range program {
			for _, simpler := range simplified(program[i]) {
				candidate := slices.Clone(program)
				candidate[i] = simpler
				if breaks(candidate) {
					program, shrunk = candidate, true
					break
				}
			}
		}
	}
	return program
}

// simplified returns variants of a step, each without one of its details.
func simplified(s step) []step {
	var simpler []step
	try := func(applies bool, change func(*step)) {
		if applies {
			less := s
			if s.fault != nil {
				fault := *s.fault
				less.fault = &fault
			}
			change(&less)
			simpler = append(simpler, less)
		}
	}
	try(s.meanwhile != nil, func(s *step) { s.meanwhile = nil })
	try(s.stack > 0 && s.meanwhile == nil, func(s *step) { s.stack = 0 })
	try(s.form.nulls, func(s *step) { s.form.nulls = false })
	try(s.form.url > 0, func(s *step) { s.form.url = 0 })
	try(s.form.time > 0, func(s *step) { s.form.time = 0 })
	try(s.expires > 0, func(s *step) { s.expires = 0 })
	for bit := range argumentNames {
		try(s.form.secrets>>bit&1 == 1, func(s *step) { s.form.secrets &^= 1 << bit })
		try(s.form.hidden>>bit&1 == 1, func(s *step) { s.form.hidden &^= 1 << bit })
	}
	try(s.hooks > 0, func(s *step) { s.hooks-- })
	try(s.parallel, func(s *step) { s.parallel = false })
	try(s.cancelAfter > 0, func(s *step) { s.cancelAfter = 0 })
	try(s.killAfter > 0, func(s *step) { s.killAfter = 0 })
	try(s.timeout > 0, func(s *step) { s.timeout = 0 })
	try(s.deleteFirst, func(s *step) { s.deleteFirst = false })
	if s.fault != nil {
		try(s.fault.Delay > 0, func(s *step) { s.fault.Delay = 0 })
		try(s.fault.Skip > 0, func(s *step) { s.fault.Skip = 0 })
		try(s.fault.Probability > 0, func(s *step) { s.fault.Probability = 0 })
		try(s.fault.Header != nil, func(s *step) { s.fault.Header = nil })
		try(s.fault.Message != "", func(s *step) { s.fault.Message = "" })
		try(s.fault.Times > 1, func(s *step) { s.fault.Times = 1 })
	}
	return simpler
}
