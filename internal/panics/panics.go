// Package panics turns a panic into an error that says what to report and contains no value.
package panics

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

// Catch is for a defer statement. If the function panics, Catch stops the panic and sets *err.
func Catch(err *error) {
	switch thrown := recover().(type) {
	case nil:
	case *Panic: // of another goroutine
		*err = thrown
	default:
		*err = &Panic{what: describe(thrown), where: stack()}
	}
}

// Panic is the error that stands for a panic.
type Panic struct {
	what  string
	where []string
}

// Error says what happened and what to report. The functions and lines are those of the source code. What the code panicked with is
// shown only if it comes from Go itself, because anything else may contain a value.
func (p *Panic) Error() string {
	return "the provider has a bug, and this call ended in a panic (" + p.what + "). Other calls go on. Please report it at " +
		"https://github.com/ociauthtoken/pulumi-ociauthtoken/issues with these lines, which contain no values of yours:\n  " +
		strings.Join(p.where, "\n  ")
}

// describe returns what may be shown of what the code panicked with.
func describe(thrown any) string {
	err, _ := thrown.(error)
	var ofGo runtime.Error
	var ofReflect *reflect.ValueError
	switch {
	case errors.As(err, &ofGo):
		return ofGo.Error()
	case errors.As(err, &ofReflect):
		return ofReflect.Error()
	default:
		return fmt.Sprintf("%T", thrown)
	}
}

// most is how many lines of the stack are shown.
const most = 16

// stack returns the functions that were running, the innermost first, without those that handle the panic.
func stack() []string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	var lines []string
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") && len(lines) < most {
			lines = append(lines, fmt.Sprintf("%s (%s:%d)", frame.Function, filepath.Base(frame.File), frame.Line))
		}
		if !more {
			return lines
		}
	}
}
