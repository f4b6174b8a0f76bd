package emulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockSkew is how far a request's date may differ from the service's clock.
const clockSkew = 5 * time.Minute

// apiKey is a public key that signs for a user.
type apiKey struct {
	userID  string
	public  *rsa.PublicKey
	expires time.Time // zero for an API key, which does not
}

// signatureParameter is one name="value" of the Authorization header.
var signatureParameter = regexp.MustCompile(`([a-zA-Z]+)="([^"]*)"`)

func notAuthenticated(message string) *failure {
	return &failure{http.StatusUnauthorized, "NotAuthenticated", message}
}

// authenticate checks the signature of a request as https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm
// describes it: draft 8 of HTTP signatures, with RSA and SHA-256.
func (s *Service) authenticate(c *call) *failure {
	const refused = "The required information to complete authentication was not provided or was incorrect."

	scheme, rest, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Signature") {
		return notAuthenticated(refused)
	}
	parameters := map[string]string{}
	for _, match := range signatureParameter.FindAllStringSubmatch(rest, -1) {
		parameters[match[1]] = match[2]
	}
	key, ok := s.keys[parameters["keyId"]]
	if !ok || parameters["algorithm"] != "rsa-sha256" || (!key.expires.IsZero() && !s.config.Clock().Before(key.expires)) {
		return notAuthenticated(refused)
	}
	signed := strings.Fields(strings.ToLower(parameters["headers"]))
	if failed := s.checkDate(c.Header, signed); failed != nil {
		return failed
	}
	required := []string{"(request-target)", "host"}
	if c.Method == http.MethodPost || c.Method == http.MethodPut || c.Method == http.MethodPatch {
		required = append(required, "content-length", "content-type", "x-content-sha256")
	}
	for _, name := range required {
		if !slices.Contains(signed, name) {
			return notAuthenticated(refused + " The signature does not cover " + name + ".")
		}
	}
	if digest := c.Header.Get("x-content-sha256"); digest != "" || slices.Contains(required, "x-content-sha256") {
		if sum := sha256.Sum256(c.body); digest != base64.StdEncoding.EncodeToString(sum[:]) {
			return notAuthenticated(refused + " x-content-sha256 is not the digest of the body.")
		}
	}
	signature, err := base64.StdEncoding.DecodeString(parameters["signature"])
	if err != nil {
		return notAuthenticated(refused)
	}
	digest := sha256.Sum256([]byte(signingString(c.Request, signed)))
	if rsa.VerifyPKCS1v15(key.public, crypto.SHA256, digest[:], signature) != nil {
		return notAuthenticated("Failed to verify the HTTP(S) Signature")
	}
	if c.callerID = key.userID; c.Header.Get(delegationHeader) != "" {
		return s.delegate(c, signed)
	}
	return nil
}

// checkDate checks that the signed date or x-date is near the service's time.
func (s *Service) checkDate(header http.Header, signed []string) *failure {
	name := "date"
	if slices.Contains(signed, "x-date") {
		name = "x-date"
	}
	if !slices.Contains(signed, name) {
		return notAuthenticated("The signature covers neither date nor x-date.")
	}
	date, err := http.ParseTime(header.Get(name))
	if err != nil {
		return notAuthenticated("The date header cannot be read.")
	}
	now := s.config.Clock()
	earliest, latest := now.Add(-s.config.ClockSkew), now.Add(s.config.ClockSkew)
	// The header counts whole seconds.
	if date.Before(earliest.Truncate(time.Second)) || date.After(latest) {
		return notAuthenticated(fmt.Sprintf("Date %q is not within allowed clock skew. Current %q, valid datetime range: [%q, %q]",
			header.Get(name), now.UTC().Format(http.TimeFormat), earliest.UTC().Format(http.TimeFormat), latest.UTC().Format(http.TimeFormat)))
	}
	return nil
}

// signingString returns what a client has signed: one line for each header, in the order of the list in the signature.
func signingString(r *http.Request, signed []string) string {
	lines := make([]string, len(signed))
	for i, name := range signed {
		var value string
		switch name {
		case "(request-target)":
			value = strings.ToLower(r.Method) + " " + r.RequestURI
		case "host":
			value = r.Host
		case "content-length":
			value = r.Header.Get(name)
			if value == "" {
				value = strconv.FormatInt(r.ContentLength, 10)
			}
		default:
			value = strings.Join(r.Header.Values(name), ", ")
		}
		lines[i] = name + ": " + value
	}
	return strings.Join(lines, "\n")
}
