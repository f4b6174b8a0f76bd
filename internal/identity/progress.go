package identity

import "context"

type progressKey struct{}

// WithProgress lets report hear, in a short sentence, of everything that a call made with this context waits for.
func WithProgress(ctx context.Context, report func(message string)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

func reportProgress(ctx context.Context, message string) {
	if report, ok := ctx.Value(progressKey{}).(func(string)); ok {
		report(message)
	}
}
