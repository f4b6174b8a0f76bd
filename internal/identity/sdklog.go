package identity

import (
	"sync"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// keepBodiesOutOfTheLog caps the SDK's debug log below the level at which it writes whole answers. OCI_GO_SDK_DEBUG=v
// would otherwise print the answer to CreateAuthToken, and with it the token, to the plugin's standard error.
var keepBodiesOutOfTheLog = sync.OnceFunc(func() {
	logger, err := common.NewSDKLogger()
	if err != nil {
		// Without a logger there is nothing to print to.
		return
	}
	common.SetSDKLogger(bodilessLogger{logger})
})

// debugLevel is the SDK's "debug": everything but the bodies of successful answers.
const debugLevel = 2

type bodilessLogger struct{ common.DefaultSDKLogger }

// LogLevel is what the SDK asks before it decides what to write.
func (l bodilessLogger) LogLevel() int { return min(l.DefaultSDKLogger.LogLevel(), debugLevel) }

// Log drops whatever is meant for a level above the cap.
func (l bodilessLogger) Log(level int, format string, v ...any) error {
	if level > debugLevel {
		return nil
	}
	return l.DefaultSDKLogger.Log(level, format, v...)
}
