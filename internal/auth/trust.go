package auth

import (
	"crypto/x509"
	"fmt"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

const (
	// certificatesVariable names the file with the certificate authorities that OCI's SDKs trust instead of the machine's. The
	// SDK reads it from the environment of the process, for all requests.
	certificatesVariable = "OCI_DEFAULT_CERTS_PATH"
	// customCertificates is the setting of OCI's Terraform provider for that file.
	customCertificates = "custom_cert_location"
	// cliCertificatesVariable is the variable of OCI's CLI for that file.
	cliCertificatesVariable = "OCI_CLI_CERT_BUNDLE"
	// cliFileCertificates is the key in the CLI's own configuration file for that file.
	cliFileCertificates = "cert-bundle"
)

// trustCertificates finds the file with the certificate authorities to trust, checks that it contains certificates, and passes
// its path to OCI's SDK. On a network that inspects encrypted connections, the file contains the network's own authority.
func (s *sources) trustCertificates() error {
	if proxy := s.cliFile.settings["proxy"]; proxy != "" { // which the CLI prefers to the environment
		if err := s.handToSDK("HTTPS_PROXY", outside.Text(proxy)); err != nil {
			return err
		}
	}
	path, variable := s.terraformSetting(customCertificates)
	origin := "the environment variable " + variable
	for _, name := range []string{certificatesVariable, cliCertificatesVariable, cliFileCertificates, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
		switch {
		case path != "":
		case name == cliFileCertificates:
			path, origin = s.cliFile.value(name), s.cliFile.String()
		default:
			path, origin = s.env(name), "the environment variable "+name
		}
	}
	if path == "" {
		return nil
	}
	path = s.path(path)
	if _, err := readAuthorities(path); err != nil {
		return fmt.Errorf("the certificate authorities to trust, which %s names: %w", origin, err)
	}
	return s.handToSDK(certificatesVariable, path)
}

// readAuthorities reads a file with certificates.
func readAuthorities(path outside.Text) ([]byte, error) {
	content, err := readFile(path)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(content) {
		err = fmt.Errorf("%s holds no certificate in PEM format", path)
	}
	return content, err
}

// handToSDK sets an environment variable that OCI's SDK reads, unless it has that value already.
func (s *sources) handToSDK(variable string, value outside.Text) error {
	if s.env(variable) == value || s.environment.Setenv == nil {
		return nil
	}
	return s.environment.Setenv(variable, string(value))
}
