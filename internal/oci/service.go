package oci

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// Service is a service of OCI in one region, or one identity domain.
type Service struct {
	client *Client
	// host and path are what the path of every request comes after: scheme, host and port, and the path without a slash around it.
	host, path string
	// Region is the name of the region. A domain has none.
	Region string
	// Domain is the URL of the identity domain, or empty.
	Domain string
	// endpoint replaces the region's public endpoint. It may be nil.
	endpoint *Endpoint
	limiter  *limiter
}

// newService returns OCI Identity in a region.
func newService(c *Client, endpoint *Endpoint, region string) *Service {
	s := &Service{client: c, Region: region, endpoint: endpoint, path: basePath, limiter: c.limiter}
	if endpoint == nil {
		s.host = c.publicHost(region, "identity", "https://identity.{region}.oci.{secondLevelDomain}")
	} else {
		s.host, s.path = endpoint.in(region)
	}
	return s
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
	case s.endpoint != nil:
		return s.Region + " at " + s.host
	}
	return s.Region
}

// in returns the same service in another region, or nil if the endpoint is that of this region only.
func (s *Service) in(region string) *Service {
	if region == s.Region {
		return s
	}
	if s.endpoint != nil && !s.endpoint.dependsOnRegion() {
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
	if storage.endpoint == nil {
		storage.path = ""
		storage.host = c.publicHost(storage.Region, "objectstorage", "https://objectstorage.{region}.{secondLevelDomain}")
	} else {
		_, path := storage.endpoint.in(storage.Region)
		storage.path = strings.TrimSuffix(strings.TrimSuffix(path, basePath), "/")
	}
	return &storage
}

// ContainerRegistry returns the container registry at a host of a region.
func (c *Client) ContainerRegistry(region, host string) *Service {
	registry := *c.configured
	registry.Region = region
	if c.LocalHost() != "" {
		_, path := registry.endpoint.in(region)
		registry.path = strings.TrimSuffix(path, basePath) + registryBasePath
		return &registry
	}
	registry.endpoint = nil
	registry.host, registry.path = "https://"+host, registryBasePath
	return &registry
}

// LocalHost returns the host and the port of the endpoint if it is on this machine, or "".
func (c *Client) LocalHost() string {
	if c.configured.endpoint == nil {
		return ""
	}
	_, authority, _ := strings.Cut(c.configured.host, "://")
	if !hosts.IsLoopback((&url.URL{Host: authority}).Hostname()) {
		return ""
	}
	return authority
}

// A service is a route that leads to itself.
func (s *Service) next() *Service                                              { return s }
func (*Service) worked(*Service)                                               {}
func (*Service) elsewhere(context.Context, *Service, string) (*Service, error) { return nil, nil }
