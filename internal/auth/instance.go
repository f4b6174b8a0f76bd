package auth

import (
	"cmp"
	"context"
	"crypto/tls"
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

// readMetadata asks the instance metadata service for one thing. The status is 0 if there was no answer.
func readMetadata(ctx context.Context, s *sources, path string) (status int, text string, err error) {
	base := metadataURL(string(s.env(metadataVariable)))
	defer func() {
		if inURL, ok := errors.AsType[*url.Error](err); ok {
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
	response, err := http.DefaultClient.Do(request)
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
	if endpoint := s.variable("OCI_CLI_FEDERATION_ENDPOINT").value; endpoint != "" { // which tells OCI's CLI where to get security tokens
		base := strings.TrimSuffix(strings.TrimRight(string(endpoint), "/"), "/v1/x509")
		s.handToSDK("OCI_SDK_AUTH_CLIENT_REGION_URL", safetext.Text(base))
	}
	return signInAs(ctx, s, InstancePrincipal, sdk.InstancePrincipalConfigurationProvider)
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
	region := common.StringToRegion(string(s.require(propertyRegion)))
	leaf, key, intermediate, err := readInstance(s.path(cmp.Or(s.terraformSetting("test_certificates_location").value, ".")))
	if err != nil {
		s.note(wrong(propertyAuth, "%s: %v. The certificates are looked for in the working directory, or in the folder that "+
			"the environment variable test_certificates_location names", InstancePrincipalWithCerts, err))
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	return signInAs(ctx, s, InstancePrincipalWithCerts, func() (common.ConfigurationProvider, error) {
		return sdk.InstancePrincipalConfigurationWithCerts(region, leaf, nil, key, [][]byte{intermediate})
	})
}

// readInstance reads the certificates of an instance and the key, and checks them. They are in PEM format. Its errors name the file.
func readInstance(folder safetext.Text) (leaf, key, intermediate []byte, err error) {
	in := func(name string) safetext.Text { return safetext.Text(filepath.Join(string(folder), name)) }
	leaf, leafErr := readCertificates(in("ip_cert.pem"))
	intermediate, intermediateErr := readCertificates(in("intermediate.pem"))
	key, keyErr := readFile(in("ip_key.pem"))
	password, passwordErr := readFile(in("leaf_passphrase"))
	if errors.Is(passwordErr, fs.ErrNotExist) { // There is a pass phrase only if the key is encrypted.
		passwordErr = nil
	}
	if err := errors.Join(leafErr, keyErr, passwordErr, intermediateErr); err != nil {
		return nil, nil, nil, errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	passPhrase := finding{value: safetext.Text(propertyPrivateKeyPassword.Trim(string(password))), origin: "leaf_passphrase"}
	private, problem := parsePrivateKey(propertyAuth, string(key), passPhrase, in("ip_key.pem").String())
	if problem != nil {
		return nil, nil, nil, fmt.Errorf("%s (the pass phrase, if there is one, is in leaf_passphrase beside it)", problem.text)
	}
	key = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	if _, err := tls.X509KeyPair(leaf, key); err != nil {
		return nil, nil, nil, fmt.Errorf("the key in ip_key.pem does not belong to the certificate in ip_cert.pem, in %s", folder)
	}
	return leaf, key, intermediate, nil
}
