package auth

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// trustCertificates finds the file with the certificate authorities to trust, checks that it contains certificates, and passes
// its path to OCI's SDK. On a network that inspects encrypted connections, the file contains the network's own authority.
func (s *sources) trustCertificates() error {
	found := cmp.Or(
		s.terraformSetting("custom_cert_location"), s.variable(web.CertificatesVariable, "OCI_CLI_CERT_BUNDLE"),
		s.cliFile.find("cert-bundle"), s.variable("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
	)
	if found.value == "" {
		return nil
	}
	path := s.path(found.value)
	if folder, err := os.Stat(string(path)); err == nil && folder.IsDir() && s.env(web.CertificatesVariable) == "" {
		s.handToSDK("SSL_CERT_DIR", path) // which Go reads on Linux; Python takes a folder too
		return nil
	}
	if _, err := readCertificates(path); err != nil {
		return fmt.Errorf("the certificate authorities to trust, which %s names: %w", found.origin, err)
	}
	s.handToSDK(web.CertificatesVariable, path)
	return nil
}

// readCertificates reads a file with certificates.
func readCertificates(path safetext.Text) ([]byte, error) {
	content, err := readFile(path)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(content) {
		err = fmt.Errorf("%s holds no certificate in PEM format", path)
	}
	return content, err
}

// handToSDK sets an environment variable that OCI's SDK reads, unless it has that value already.
func (s *sources) handToSDK(variable string, value safetext.Text) {
	if s.env(variable) != value {
		_ = s.environment.Setenv(variable, string(value)) // what no variable can hold is in none of these values
	}
}
