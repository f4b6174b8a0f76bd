package identity

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"golang.org/x/sync/singleflight"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// service is OCI Identity in one region, or one identity domain.
type service struct {
	sender sender
	region string
	// endpoint replaces the region's public endpoint. It may be nil.
	endpoint *Endpoint
	// domain is the URL of the identity domain, or empty. A domain has no region.
	domain string
}

// newDomain returns the service of an identity domain. The URL is in the form that hosts.ParseDomainURL returns.
func newDomain(s sender, domainURL string) *service {
	s.base.Host, s.base.BasePath = domainURL, domainPath
	return &service{sender: s, domain: domainURL}
}

// newService returns the service of a region.
func newService(s sender, endpoint *Endpoint, region string) *service {
	s.base.BasePath = basePath
	if endpoint == nil {
		s.base.Host = s.publicHost(region, "identity", "https://identity.{region}.oci.{secondLevelDomain}")
	} else {
		s.base.Host, s.base.BasePath = endpoint.in(region)
	}
	return &service{sender: s, region: region, endpoint: endpoint}
}

// domainName matches the last two parts of a host, which OCI's Terraform provider replaces.
var domainName = regexp.MustCompile(`[-\w]+\.\w+$`)

// publicHost returns the public endpoint of a service.
func (s sender) publicHost(region, service, template string) string {
	host := common.StringToRegion(region).EndpointForTemplate(service, template)
	if s.domainName == "" {
		return host
	}
	return domainName.ReplaceAllLiteralString(host, s.domainName)
}

// String says for messages where calls go.
func (s *service) String() string {
	switch {
	case s.domain != "":
		return "the identity domain " + s.domain
	case s.endpoint != nil:
		return s.region + " at " + s.sender.base.Host
	}
	return s.region
}

// in returns the same service in another region, or nil if the endpoint is that of this region only.
func (s *service) in(region string) *service {
	if region == s.region {
		return s
	}
	if s.endpoint != nil && !s.endpoint.dependsOnRegion() {
		return nil
	}
	return newService(s.sender, s.endpoint, region)
}

// objectStorage returns Object Storage in the same region.
func (s *service) objectStorage() *service {
	storage := *s
	if s.endpoint == nil {
		storage.sender.base.BasePath = ""
		storage.sender.base.Host = s.sender.publicHost(s.region, "objectstorage", "https://objectstorage.{region}.{secondLevelDomain}")
	} else {
		_, path := s.endpoint.in(s.region)
		storage.sender.base.BasePath = strings.TrimSuffix(strings.TrimSuffix(path, basePath), "/")
	}
	return &storage
}

// containerRegistry returns the container registry at a host of a region.
func (s *service) containerRegistry(region, host string) *service {
	at := *s
	at.region = region
	if s.localHost() != "" {
		_, path := s.endpoint.in(region)
		at.sender.base.BasePath = strings.TrimSuffix(path, basePath) + registryBasePath
		return &at
	}
	at.endpoint = nil
	at.sender.base.Host, at.sender.base.BasePath = "https://"+host, registryBasePath
	return &at
}

// localHost returns the host and the port of the endpoint if it is on this machine, or "".
func (s *service) localHost() string {
	if s.endpoint == nil {
		return ""
	}
	host, _ := s.endpoint.in(s.region)
	_, authority, _ := strings.Cut(host, "://")
	if !hosts.IsLoopback((&url.URL{Host: authority}).Hostname()) {
		return ""
	}
	return authority
}

// A service is a route that leads to itself.
func (s *service) next() *service                                              { return s }
func (*service) worked(*service)                                               {}
func (*service) elsewhere(context.Context, *service, string) (*service, error) { return nil, nil }

// home is the tenancy's home region. Users and their tokens can be changed only there, whatever region the program is configured for.
// It is found out when it is first needed, once in each process.
type home struct {
	// configured is the service in the region that the program is configured for.
	configured *service

	mu     sync.Mutex
	known  *service           // nil until it is known
	search singleflight.Group // the search that is under way
}

// homeWithin bounds a search for the home region.
const homeWithin = time.Minute

// found returns the service in the home region, or nil if that is not known.
func (h *home) found() *service {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known
}

// writer returns the service in the home region if that is known, or else the configured one.
func (h *home) writer() *service { return cmp.Or(h.found(), h.configured) }

// is notes that a write has succeeded at a service, which must be in the home region.
func (h *home) is(at *service) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = at
}

// find returns the service in the home region. If the home region is not known, it calls ask. If that fails, it looks in hint, the
// message of a write that was refused, which may name the home region. Concurrent calls of find wait for one search, each until its
// own context ends.
func (h *home) find(ctx context.Context, hint string, ask func(context.Context) (string, error)) (*service, error) {
	if found := h.found(); found != nil {
		return found, nil
	}
	// The call that began the search may be cancelled while others wait for it.
	search := h.search.DoChan("", func() (any, error) { return h.look(context.WithoutCancel(ctx), hint, ask) })
	select {
	case result := <-search:
		found, _ := result.Val.(*service)
		return found, result.Err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// look carries out a search.
func (h *home) look(ctx context.Context, hint string, ask func(context.Context) (string, error)) (found *service, err error) {
	defer panics.Catch(&err)
	ctx, cancel := context.WithTimeoutCause(ctx, homeWithin, fmt.Errorf("there was no answer within %s", homeWithin))
	defer cancel()
	region, err := ask(ctx)
	if err != nil {
		if region = homeIn(hint); region == "" {
			return nil, err
		}
	}
	if found = h.configured.in(region); found == nil {
		return nil, fmt.Errorf("it is %s, and the endpoint in the provider's configuration is that of %s only: put {region} in it",
			region, h.configured.region)
	}
	h.is(found)
	return found, nil
}

// regionName matches names of regions. They become part of a host name.
var regionName = regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)

// homeKey matches the key in "Please go to your home region PHX to execute CREATE, UPDATE and DELETE operations."
var homeKey = regexp.MustCompile(`home region ([A-Za-z0-9-]+)`)

// homeIn returns the name of the home region in the message of a refusal, or "" if there is none or it is not known.
func homeIn(message string) string {
	match := homeKey.FindStringSubmatch(message)
	if match == nil {
		return ""
	}
	key := strings.ToLower(match[1])
	region := string(common.StringToRegion(key))
	if region == key && len(key) == 3 {
		return "" // a key that the SDK's tables do not have
	}
	return region
}
