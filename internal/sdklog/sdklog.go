// Package sdklog keeps secrets out of the log of OCI's SDK, which the environment variable OCI_GO_SDK_DEBUG turns on. Importing it is
// enough: it takes effect before the SDK writes its first line. Mute does the same for the log of net/http.
//
// At every level the SDK logs secrets. At "info" it logs refused requests and their answers, with their bodies. At "debug" it logs
// everything that an instance's metadata service answers, its private key included, and errors that quote security tokens. At
// "verbose" it logs every body. So no line passes unchanged. What is left helps to find a fault: which requests were sent, the status
// of each answer, and the id of the request.
package sdklog

import (
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"regexp"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// log is the SDK's log.
var log summary

func init() {
	log.DefaultSDKLogger, _ = common.NewSDKLogger() // the SDK's own, which never fails
	common.SetSDKLogger(log)
}

// Mute discards what is written with package log. net/http logs what arrives on an idle connection there, such as the second copy of an
// answer, with its bytes ("Unsolicited response" in https://github.com/golang/go/blob/master/src/net/http/transport.go), and has no setting
// for it. Nothing else in the plugin uses package log. Mute must be called after the engine's flags were read: Pulumi's own log takes over
// package log then.
func Mute() { stdlog.SetOutput(io.Discard) }

// Levels of the SDK's log. It logs refused requests at infoLevel, and all requests at debugLevel. Above that, the SDK reads bodies to
// log them.
const (
	infoLevel  = 1
	debugLevel = 2
)

// Exchange logs a request that was not sent by the SDK, and the status of its answer, in the same way as the SDK's own requests.
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

// summary is a logger that writes a line for each request and each answer, and nothing else.
type summary struct{ common.DefaultSDKLogger }

// LogLevel returns the level, which is at most debugLevel.
func (l summary) LogLevel() int { return min(l.DefaultSDKLogger.LogLevel(), debugLevel) }

// Log writes what summarize returns.
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

// summarize returns what may be shown of a message. For a request that is its first line and the host, for an answer its status, and
// for both the id of the request. It returns "" for all other messages.
func summarize(message string) string {
	head, _, _ := strings.Cut(message, "\r\n\r\n")
	head += "\r\n"
	line := ""
	if match := request.FindStringSubmatch(head); match != nil {
		// The query may contain anything.
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
