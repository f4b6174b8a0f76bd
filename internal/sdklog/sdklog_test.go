package sdklog

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSummaryHoldsNoMoreThanRequestAndStatus(t *testing.T) {
	t.Parallel()
	for message, summary := range map[string]string{
		"Dump Request POST /v1/x509 HTTP/1.1\r\nHost: auth.us-phoenix-1.oraclecloud.com\r\nAuthorization: secret\r\n\r\nsecret": "POST /v1/x509 at auth.us-phoenix-1.oraclecloud.com",
		"Dump Request GET /a?secret HTTP/1.1\r\nHost: [::1]:80\r\nOpc-Request-Id: AB12/CD\r\n\r\n":                              "GET /a at [::1]:80 (opc-request-id AB12/CD)",
		"Dump Request GET /a secret HTTP/1.1\r\nHost: secret\r\n\r\n":                                                           "",
		"Dump Response HTTP/1.1 401 secret\r\nX-Secret: secret\r\nopc-request-id: 0\r\n\r\nsecret":                              "HTTP 401 (opc-request-id 0)",
		"Dump Response HTTP/2.0 200 OK\r\n\r\nsecret\r\nopc-request-id: secret\r\n":                                             "HTTP 200",
		"Dump Response HTTP/1.1 200 OK\r\nopc-request-id: it is secret\r\n\r\n":                                                 "HTTP 200",
		"Dump Request Body: \nsecret":                  "",
		"Configuration provided by: secret":            "",
		"secret":                                       "",
		"secret\nDump Response HTTP/1.1 200 OK\r\n":    "",
		"Dump Response secret HTTP/1.1 200 OK\r\n\r\n": "",
	} {
		assert.Equal(t, summary, summarize(message), message)
	}
}
