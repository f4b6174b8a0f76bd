package oci

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// Service is a service of OCI in one region, or one identity domain.
type Service struct {
	client *Client
	// host and path are what the path of every request comes after: the URL of the endpoint, and the beginning of the API's paths.
	host, path string
	// Region is the name of the region. A domain has none.
	Region string
	// Domain is the URL of the identity domain, or empty.
	Domain string
	// endpoint is the one that the program has configured, or empty.
	endpoint Endpoint
	limiter  *limiter
}

// newService returns OCI Identity in a region.
func newService(c *Client, endpoint Endpoint, region string) *Service {
	host := endpoint.in(region)
	if endpoint == "" {
		host = c.publicHost(region, "identity", "https://identity.{region}.oci.{secondLevelDomain}")
	}
	return &Service{client: c, Region: region, endpoint: endpoint, host: host, path: identityPath, limiter: c.limiter}
}

// domainName matches the last two parts of a host, which OCI's Terraform provider replaces.
var domainName = regexp.MustCompile(`[-\w]+\.\w+$`)

// publicHost returns the public endpoint of a service.
func (c *Client) publicHost(region, service, template string) string {
	host := common.StringToRegion(region).EndpointForTemplate(service, template)
	if c.domainName == "" {
		return host
	}
	return domainName.ReplaceAllLiteralString(host, c.domainName)
}

// String says for messages where calls go.
func (s *Service) String() string {
	switch {
	case s.Domain != "":
		return "the identity domain " + s.Domain
	case s.endpoint != "":
		return s.Region + " at " + s.host
	}
	return s.Region
}

// in returns the same service in another region, or nil if the endpoint is that of this region only.
func (s *Service) in(region string) *Service {
	if region == s.Region {
		return s
	}
	if s.endpoint != "" && !strings.Contains(string(s.endpoint), regionPlaceholder) {
		return nil
	}
	return newService(s.client, s.endpoint, region)
}

// Configured returns OCI Identity in the region that the program is configured for.
func (c *Client) Configured() *Service { return c.configured }

// DomainName returns the second-level domain of a region's hosts, such as "oraclecloud.com".
func (c *Client) DomainName(region string) string {
	if c.domainName != "" {
		return c.domainName
	}
	return common.Region(region).SecondLevelDomain()
}

// ObjectStorage returns Object Storage in the configured region.
func (c *Client) ObjectStorage() *Service {
	storage := *c.configured
	storage.path = ""
	if storage.endpoint == "" {
		storage.host = c.publicHost(storage.Region, "objectstorage", "https://objectstorage.{region}.{secondLevelDomain}")
	}
	return &storage
}

// ContainerRegistry returns the container registry at a host of a region.
func (c *Client) ContainerRegistry(region, host string) *Service {
	registry := *c.configured
	registry.Region, registry.path = region, registryPath
	if c.LocalHost() == "" {
		registry.host, registry.endpoint = "https://"+host, ""
	} else {
		registry.host = registry.endpoint.in(region)
	}
	return &registry
}

// LocalHost returns the host and the port of the endpoint if it is on this machine, or "".
func (c *Client) LocalHost() string {
	u, err := url.Parse(c.configured.host)
	if err != nil || !hosts.IsLoopback(u.Hostname()) {
		return ""
	}
	return u.Host
}
