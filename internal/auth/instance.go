package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/common/auth"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// metadataVariable tells the SDK where the instance metadata service is.
const metadataVariable = "OCI_METADATA_BASE_URL"

// metadataURL returns the URL of the instance metadata service.
func (s *sources) metadataURL() string {
	return string(cmp.Or(s.env(metadataVariable), "http://169.254.169.254/opc/v2"))
}

// readMetadata asks the instance metadata service for one thing. The status is 0 if there was no answer.
func readMetadata(ctx context.Context, s *sources, path string) (status int, text string, err error) {
	base := s.metadataURL()
	defer func() {
		if inURL := (*url.Error)(nil); errors.As(err, &inURL) {
			err = inURL.Err // without the URL, which may contain a password
		}
		if err != nil {
			err = fmt.Errorf("this machine is not an OCI instance, or its metadata service cannot be used (%s: %s)", safetext.URL(base),
				safetext.Sentence(err.Error()))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // the SDK itself tries for minutes
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return 0, "", errors.New(metadataVariable + " is not a URL")
	}
	request.Header.Set("Authorization", "Bearer Oracle")
	client, err := guarded(s)(&http.Client{})
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if response.StatusCode != http.StatusOK {
		body, err = nil, fmt.Errorf("it answers %s", response.Status)
	}
	return response.StatusCode, strings.TrimSpace(string(body)), err
}

// requireInstance returns an error if this machine is not an instance.
func requireInstance(ctx context.Context, s *sources, kind string) *problem {
	status, region, err := readMetadata(ctx, s, "/instance/region")
	isBusy := status == http.StatusTooManyRequests || status >= http.StatusInternalServerError // the SDK then asks again
	if err != nil && !isBusy {
		return wrong(propertyAuth, "%s: %v. Choose another way to sign in, or run this on an instance", kind, err)
	}
	learnRealm(ctx, s, region)
	return nil
}

// instancePrincipal signs as the instance that this program runs on.
func instancePrincipal(ctx context.Context, s *sources) (Credentials, error) {
	if problem := requireInstance(ctx, s, InstancePrincipal); problem != nil {
		return nil, problem
	}
	if endpoint := s.env("OCI_CLI_FEDERATION_ENDPOINT"); endpoint != "" { // which tells OCI's CLI where to get security tokens
		base := strings.TrimSuffix(strings.TrimRight(string(endpoint), "/"), "/v1/x509")
		s.handToSDK("OCI_SDK_AUTH_CLIENT_REGION_URL", safetext.Text(base))
	}
	return signInAs(ctx, s, InstancePrincipal, func() (common.ConfigurationProvider, error) {
		return sdk.InstancePrincipalConfigurationProviderWithCustomClient(guarded(s))
	})
}

// learnRealm tells the SDK the domain name of a region that it does not know, if the instance metadata service does. The SDK can ask
// the service itself, but at the default URL only.
func learnRealm(ctx context.Context, s *sources, region string) {
	if _, err := common.StringToRegion(region).RealmID(); err == nil || region == "" {
		return
	}
	var info map[string]string
	_, text, err := readMetadata(ctx, s, "/instance/regionInfo")
	if err == nil && json.Unmarshal([]byte(text), &info) == nil && hostName.MatchString(info["realmDomainComponent"]) {
		info["regionKey"] = strings.ToLower(info["regionKey"]) // the SDK looks for it in lower case
		common.AddRegionSchemaForPlc(info)
	}
}

// instancePrincipalWithCerts signs as an instance whose certificates are in files. The files have the names that OCI's Terraform
// provider expects.
func instancePrincipalWithCerts(ctx context.Context, s *sources) (Credentials, error) {
	r := &requirement{sources: s}
	region := common.StringToRegion(string(r.require(propertyRegion)))
	files, err := readCertificates(s.path(cmp.Or(s.terraformSetting("test_certificates_location").value, ".")))
	if err != nil {
		r.add(wrong(propertyAuth, "%s: %v. The certificates are looked for in the working directory, or in the folder that "+
			"the environment variable test_certificates_location names", InstancePrincipalWithCerts, err))
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return signInAs(ctx, s, InstancePrincipalWithCerts, func() (common.ConfigurationProvider, error) {
		return sdk.InstancePrincipalConfigurationWithCerts(region, files.leaf, files.passphrase, files.key, [][]byte{files.intermediate})
	})
}

// certificates are the certificates of an instance and the key, in PEM format.
type certificates struct{ leaf, key, passphrase, intermediate []byte }

// readCertificates reads the certificates and checks them. Its errors name the file.
func readCertificates(folder safetext.Text) (certificates, error) {
	var problems []string
	in := func(name string) safetext.Text { return safetext.Text(filepath.Join(string(folder), name)) }
	read := func(name string) []byte {
		content, err := readFile(in(name))
		// There is a pass phrase only if the key is encrypted.
		if err != nil && (name != "leaf_passphrase" || !errors.Is(err, fs.ErrNotExist)) {
			problems = append(problems, err.Error())
		}
		return content
	}
	c := certificates{
		read("ip_cert.pem"), read("ip_key.pem"), bytes.TrimRight(read("leaf_passphrase"), "\r\n"), read("intermediate.pem"),
	}
	if len(problems) > 0 {
		return c, errors.New(strings.Join(problems, "; "))
	}
	if _, err := parseCertificate(c.intermediate, in("intermediate.pem")); err != nil {
		return c, err
	}
	leaf, err := parseCertificate(c.leaf, in("ip_cert.pem"))
	if err != nil {
		return c, err
	}
	key, problem := parsePrivateKey(propertyAuth, string(c.key), string(c.passphrase), in("ip_key.pem").String())
	if problem != nil {
		return c, fmt.Errorf("%s (the pass phrase, if there is one, is in leaf_passphrase beside it)", problem.text)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		return c, fmt.Errorf("the key in ip_key.pem does not belong to the certificate in ip_cert.pem, in %s", folder)
	}
	return c, nil
}

func parseCertificate(content []byte, path safetext.Text) (*x509.Certificate, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s is not a certificate in PEM format", path)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s is not a certificate: %s", path, safetext.Sentence(err.Error()))
	}
	return certificate, nil
}
