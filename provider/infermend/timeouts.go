package infermend

import (
	"context"
	"fmt"
	"time"
)

// keepTimeout says which timeout of customTimeouts has passed. infer's error is "context deadline exceeded", and it cuts the timeout to
// whole seconds. There is no upstream issue for it yet.
func keepTimeout(ctx context.Context, call *Call, next func(context.Context) error) error {
	if call.Timeout > 0 {
		timeout := time.Duration(call.Timeout * float64(time.Second))
		within, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the operation's timeout of %s has passed", timeout))
		defer cancel()
		ctx, call.Timeout = within, 0
	}
	return next(ctx)
}
