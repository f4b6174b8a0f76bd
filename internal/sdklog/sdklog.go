// Package sdklog keeps secrets out of the log of OCI's SDK, which the environment variable OCI_GO_SDK_DEBUG turns on. It
// does so as soon as it is imported, before any code of the SDK runs that has something to write.
//
// At every level the SDK writes what holds secrets: at "info" the requests that were refused and the answers to them, with
// their bodies; at "debug" all that an instance's metadata service answers, its private key included, and errors that quote
// security tokens; at "verbose" every body. So nothing is let through as it is. What is left helps to find a fault: which
// requests were sent, the status of each answer, and the request's id.
package sdklog

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// log is the SDK's log.
var log = summary{}

func init() {
	logger, err := common.NewSDKLogger()
	if err != nil {
		// Without a logger there is nothing to write to.
		common.SetSDKLogger(nothing{})
		return
	}
	log = summary{logger}
	common.SetSDKLogger(log)
}

// Levels of the SDK's log. At infoLevel there are refusals, at debugLevel all requests. Above that, the SDK puts bodies together
// in order to write them.
const (
	infoLevel  = 1
	debugLevel = 2
)

// Exchange writes a request that was sent without the SDK's help, and the status of its answer, as the SDK's own are written.
func Exchange(request *http.Request, response *http.Response) {
	level := debugLevel
	if response.StatusCode >= http.StatusBadRequest {
		level = infoLevel
	}
	if log.LogLevel() < level {
		return
	}
	line := fmt.Sprintf("%s %s at %s: HTTP %d", request.Method, request.URL.EscapedPath(), request.URL.Host, response.StatusCode)
	if match := requestID.FindStringSubmatch("\r\nopc-request-id: " + response.Header.Get("opc-request-id") + "\r\n"); match != nil {
		line += " (opc-request-id " + match[1] + ")"
	}
	_ = log.DefaultSDKLogger.Log(level, "%s", line)
}

// summary writes a line for each request and each answer, and nothing else.
type summary struct{ common.DefaultSDKLogger }

// LogLevel returns how much the SDK is to write.
func (l summary) LogLevel() int { return min(l.DefaultSDKLogger.LogLevel(), debugLevel) }

// Log writes what summarize leaves.
func (l summary) Log(level int, _ string, v ...any) error {
	for _, argument := range v {
		if text, ok := argument.(string); ok {
			if line := summarize(text); line != "" {
				return l.DefaultSDKLogger.Log(level, "%s", line)
			}
		}
	}
	return nil
}

var (
	request   = regexp.MustCompile(`^Dump Request ([A-Z]+ /[!-~]*) HTTP/[0-9.]+\r\nHost: ([0-9A-Za-z.:\[\]-]+)\r\n`)
	answer    = regexp.MustCompile(`^Dump Response HTTP/[0-9.]+ ([0-9]{3})[ \r]`)
	requestID = regexp.MustCompile(`(?i)\r\nopc-request-id: ([0-9A-Za-z/]{1,120})\r\n`)
)

// summarize returns what may be shown of a message: of a request its line and the host, of an answer its status, of both the
// request's id. It returns "" for all other messages.
func summarize(message string) string {
	head, _, _ := strings.Cut(message, "\r\n\r\n")
	head += "\r\n"
	line := ""
	if match := request.FindStringSubmatch(head); match != nil {
		// What follows the path may be anything.
		path, _, _ := strings.Cut(match[1], "?")
		line = path + " at " + match[2]
	} else if match := answer.FindStringSubmatch(head); match != nil {
		line = "HTTP " + match[1]
	}
	if match := requestID.FindStringSubmatch(head); match != nil && line != "" {
		line += " (opc-request-id " + match[1] + ")"
	}
	return line
}

// nothing writes nothing.
type nothing struct{}

// LogLevel is that of a log that is off.
func (nothing) LogLevel() int { return 0 }

// Log does nothing.
func (nothing) Log(int, string, ...any) error { return nil }
