package auth

import (
	"bytes"
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

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

const (
	// metadataVariable tells the SDK where the instance metadata service is.
	metadataVariable   = "OCI_METADATA_BASE_URL"
	defaultMetadataURL = "http://169.254.169.254/opc/v2"
	// metadataWithin bounds the check whether the service exists. The SDK itself tries for minutes.
	metadataWithin = 5 * time.Second
	// longestMetadata limits how many bytes are read of an answer, which should be one line.
	longestMetadata = 1 << 10
)

var errNoInstance = errors.New("this machine is not an OCI instance, or its metadata service cannot be used")

// metadataURL returns the URL of the instance metadata service.
func (s *sources) metadataURL() string {
	if base := s.env(metadataVariable); base != "" {
		return string(base)
	}
	return defaultMetadataURL
}

// readMetadata asks the instance metadata service for one thing. The status is 0 if there was no answer.
func readMetadata(ctx context.Context, s *sources, path string) (status int, text string, err error) {
	base := s.metadataURL()
	ctx, cancel := context.WithTimeout(ctx, metadataWithin)
	defer cancel()
	failed := func(status int, why error) (int, string, error) {
		if inURL := (*url.Error)(nil); errors.As(why, &inURL) {
			why = inURL.Err // without the URL, which the error below shows
		}
		return status, "", fmt.Errorf("%w (%s: %s)", errNoInstance, outside.URL(base), outside.Sentence(why.Error()))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return failed(0, fmt.Errorf("%s is not a URL", metadataVariable))
	}
	request.Header.Set("Authorization", "Bearer Oracle")
	client, err := guarded(s)(&http.Client{})
	if err != nil {
		return failed(0, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return failed(0, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestMetadata))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %s", response.Status)
	}
	if err != nil {
		return failed(response.StatusCode, err)
	}
	return response.StatusCode, strings.TrimSpace(string(body)), nil
}

// requireInstance returns an error if this machine is not an instance.
func requireInstance(ctx context.Context, s *sources, kind string) *PropertyError {
	status, region, err := readMetadata(ctx, s, "/instance/region")
	if err == nil {
		learnRealm(ctx, s, region)
	}
	if err == nil || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		// The service is busy. The SDK asks again.
		return nil
	}
	return wrong(propertyAuth, "%s: %v. Choose another way to sign in, or run this on an instance", kind, err)
}

// instancePrincipal signs as the instance that this program runs on.
func instancePrincipal(ctx context.Context, s *sources) (Credentials, error) {
	if problem := requireInstance(ctx, s, InstancePrincipal); problem != nil {
		return nil, problem
	}
	if endpoint := s.env(cliFederationVariable); endpoint != "" {
		base := strings.TrimSuffix(strings.TrimRight(string(endpoint), "/"), "/v1/x509")
		if err := s.handToSDK("OCI_SDK_AUTH_CLIENT_REGION_URL", outside.Text(base)); err != nil {
			return nil, err
		}
	}
	return signInAs(ctx, s, InstancePrincipal, func() (common.ConfigurationProvider, error) {
		return sdk.InstancePrincipalConfigurationProviderWithCustomClient(guarded(s))
	})
}

// cliFederationVariable tells OCI's CLI where an instance gets its security tokens.
const cliFederationVariable = "OCI_CLI_FEDERATION_ENDPOINT"

// cliMetadataVariable makes OCI's CLI ask the instance metadata service about a region that it does not know.
const cliMetadataVariable = "OCI_CLI_USE_INSTANCE_METADATA_SERVICE"

// learnRealm tells the SDK the domain name of a region that it does not know, if the instance metadata service does. The SDK can ask
// the service itself, but at the default URL only.
func learnRealm(ctx context.Context, s *sources, region string) {
	if _, err := common.StringToRegion(region).RealmID(); err == nil || region == "" {
		return
	}
	var info struct{ RealmKey, RealmDomainComponent, RegionKey, RegionIdentifier string }
	_, text, err := readMetadata(ctx, s, "/instance/regionInfo")
	if err == nil && json.Unmarshal([]byte(strings.ToLower(text)), &info) == nil && hostName.MatchString(info.RealmDomainComponent) {
		common.AddRegionSchemaForPlc(map[string]string{
			"realmKey": info.RealmKey, "realmDomainComponent": info.RealmDomainComponent, "regionKey": info.RegionKey,
			"regionIdentifier": info.RegionIdentifier,
		})
	}
}

// certificatesLocation is the setting of OCI's Terraform provider that names the folder of an instance's certificates.
const certificatesLocation = "test_certificates_location"

// instancePrincipalWithCerts signs as an instance whose certificates are in files. The files have the names that OCI's Terraform
// provider expects.
func instancePrincipalWithCerts(ctx context.Context, s *sources) (Credentials, error) {
	r := &requirement{sources: s}
	region := common.StringToRegion(string(r.require(propertyRegion)))
	folder := outside.Text(".")
	if named, _ := s.terraformSetting(certificatesLocation); named != "" {
		folder = s.path(named)
	}
	files, err := readCertificates(folder)
	if err != nil {
		r.add(wrong(propertyAuth, "%s: %v. The certificates are looked for in the working directory, or in the folder that "+
			"the environment variable %s names", InstancePrincipalWithCerts, err, certificatesLocation))
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
func readCertificates(folder outside.Text) (certificates, error) {
	var (
		c        certificates
		problems []string
	)
	in := func(name string) outside.Text { return outside.Text(filepath.Join(string(folder), name)) }
	read := func(name string) []byte {
		content, err := readFile(in(name))
		if err != nil {
			problems = append(problems, err.Error())
		}
		return content
	}
	c.leaf, c.key, c.intermediate = read("ip_cert.pem"), read("ip_key.pem"), read("intermediate.pem")
	passphrase, err := readFile(in("leaf_passphrase"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the file exists only if the key is encrypted
		problems = append(problems, err.Error())
	}
	c.passphrase = bytes.TrimRight(passphrase, "\r\n")
	if len(problems) > 0 {
		return certificates{}, errors.New(strings.Join(problems, "; "))
	}

	var leaf *x509.Certificate
	for _, file := range []struct {
		name    string
		content []byte
	}{{"intermediate.pem", c.intermediate}, {"ip_cert.pem", c.leaf}} {
		block, _ := pem.Decode(file.content)
		if block == nil {
			return certificates{}, fmt.Errorf("%s is not a certificate in PEM format", in(file.name))
		}
		if leaf, err = x509.ParseCertificate(block.Bytes); err != nil {
			return certificates{}, fmt.Errorf("%s is not a certificate: %s", in(file.name), outside.Sentence(err.Error()))
		}
	}
	key, problem := parsePrivateKey(propertyAuth, string(c.key), string(c.passphrase), in("ip_key.pem").String())
	if problem != nil {
		return certificates{}, fmt.Errorf("%s (the pass phrase, if there is one, is in leaf_passphrase beside it)", problem.Problem)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		return certificates{}, fmt.Errorf("the key in ip_key.pem does not belong to the certificate in ip_cert.pem, in %s", folder)
	}
	return c, nil
}
