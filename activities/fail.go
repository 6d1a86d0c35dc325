package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fail turns an error into what Temporal may keep. Errors of the catalogue are written without personal
// data and are final, since trying again would give the same answer; everything else (a driver's error may
// quote a row) goes to the worker's log and leaves only a neutral sentence in the history.
func fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var e *breach.Error
	known := errors.As(err, &e) && e.Code != breach.ErrInternal
	switch {
	case known && e.Code == breach.ErrUnavailable: // it is tried again, and whoever looks learns what is away
		return temporal.NewApplicationError(e.Detail, string(e.Code))
	case known:
		return temporal.NewNonRetryableApplicationError(e.Detail, string(e.Code), nil)
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return ended // without what it is wrapped in
		}
	}
	if activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Error("activity failed; it is tried again", "error", err.Error())
	}
	return temporal.NewApplicationError("a dependency failed; the worker's log has the cause", string(breach.ErrInternal))
}

// Calm turns a panic of any activity into an error that is tried again. Temporal would keep the panic's own
// words, which may quote a person; the kind of its value is all that is said.
type Calm struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity puts Calm around an activity.
func (*Calm) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &calmActivity{}
	i.Next = next
	return i
}

type calmActivity struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity runs the activity.
func (i *calmActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (_ any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = temporal.NewApplicationError(fmt.Sprintf("a step broke down (%T); it is tried again", p), string(breach.ErrInternal))
		}
	}()
	return i.Next.ExecuteActivity(ctx, in)
}
