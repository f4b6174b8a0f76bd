package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Domain is an identity domain other than Default. It has its own URL, and its own API for its users and their tokens, which follows
// SCIM.
type Domain struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// URL is the URL of the domain. It is empty until a server listens for it.
	URL string `json:"url"`
}

// Domains returns the identity domains other than Default.
func (s *Service) Domains() []Domain {
	s.mu.Lock()
	defer s.mu.Unlock()
	domains := make([]Domain, len(s.domains))
	for i, d := range s.domains {
		domains[i] = *d
	}
	return domains
}

// DomainAt returns the handler of an identity domain, which must exist, and records the URL at which it is served: scheme, host and
// port.
func (s *Service) DomainAt(name, url string) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.domain(name)
	d.URL = url
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, s.parseInDomain(d, r)) })
}

func (s *Service) domain(name string) *Domain {
	for _, d := range s.domains {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// domainSummaries returns the list of the tenancy's domains. The Default domain has a URL too, but the emulator does not serve it.
func (s *Service) domainSummaries() []map[string]any {
	summary := func(id, name, kind, url string) map[string]any {
		return map[string]any{
			"id": id, "compartmentId": s.tenancy, "displayName": name, "description": name, "url": url, "homeRegionUrl": url,
			"homeRegion": s.home(), "replicaRegions": []any{}, "type": kind, "licenseType": "free", "isHiddenOnLogin": false,
			"timeCreated": "2020-01-01T00:00:00.000Z", "lifecycleState": "ACTIVE",
		}
	}
	summaries := []map[string]any{summary("ocid1.domain.oc1..default", "Default", "DEFAULT", "https://idcs-default.identity.oraclecloud.com:443")}
	for _, d := range s.domains {
		summaries = append(summaries, summary(d.ID, d.Name, "SECONDARY", d.URL))
	}
	return summaries
}

const (
	scimMediaType = "application/scim+json"

	schemaToken = "urn:ietf:params:scim:schemas:oracle:idcs:authToken" //nolint:gosec // It names a schema.
	schemaUser  = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaList  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaPatch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaError = "urn:ietf:params:scim:api:messages:2.0:Error"
	schemaExtra = "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"
	schemaSelf  = "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User"
)

// scimRefusal returns an error in SCIM's form: RFC 7644, section 3.12.
func scimRefusal(f failure) *reply {
	id := f.code
	if id != "" && !strings.HasPrefix(id, "error.") {
		id = "error.common.common." + strings.ToLower(id[:1]) + id[1:]
	}
	r := replyWith(f.status, map[string]any{
		"schemas": []string{schemaError, schemaExtra}, "detail": f.message, "status": strconv.Itoa(f.status),
		schemaExtra: map[string]string{"messageId": id},
	})
	r.mediaType = scimMediaType
	return r
}

func invalid(what, message string) *failure {
	return &failure{http.StatusBadRequest, "error.common.validation." + what, message}
}

var accessDenied = &failure{http.StatusUnauthorized, "accessDenied", "You are not authorized to perform this operation."}

// parseInDomain parses a request to an identity domain. The operation is empty if the domain has no such call.
func (s *Service) parseInDomain(d *Domain, r *http.Request) *call {
	c := &call{Request: r, domain: d, region: s.home()}
	c.body, _ = io.ReadAll(http.MaxBytesReader(nil, r.Body, longestBody))
	path, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/admin/v1/")
	if !ok {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch parts := strings.Split(path, "/"); {
	case len(parts) == 1 && parts[0] == "AuthTokens":
		c.operation = map[string]string{http.MethodGet: "ListAuthTokens", http.MethodPost: "CreateAuthToken"}[r.Method]
	case len(parts) == 2 && parts[0] == "AuthTokens" && parts[1] == ".search" && r.Method == http.MethodPost:
		c.operation = "ListAuthTokens"
	case len(parts) == 2 && parts[0] == "AuthTokens":
		c.operation = map[string]string{
			http.MethodGet: "GetAuthToken", http.MethodPatch: "UpdateAuthToken", http.MethodDelete: "DeleteAuthToken",
		}[r.Method]
		c.tokenID = parts[1]
		if u, t := s.tokenIn(d, parts[1]); t != nil {
			c.userID, c.tokenID = u.ID, t.ID
		}
	case len(parts) == 1 && parts[0] == "Users" && r.Method == http.MethodGet:
		c.operation = "ListUsers"
	case len(parts) == 2 && parts[0] == "Users" && r.Method == http.MethodGet:
		c.operation, c.userID = "GetUser", parts[1]
	}
	// Faults also match by the user.
	switch c.operation {
	case "CreateAuthToken":
		var body struct{ User scimUser }
		_ = json.Unmarshal(c.body, &body)
		c.userID = body.User.OCID
	case "ListAuthTokens":
		if f, failed := parseFilter(c.search().Filter); failed == nil && f.attribute == "user.ocid" {
			c.userID = f.value
		}
	}
	return c
}

type scimUser struct {
	Value string `json:"value"`
	OCID  string `json:"ocid"`
}

// usersIn returns the users of a domain. The caller holds the lock.
func (s *Service) usersIn(d *Domain) []*user {
	var users []*user
	for _, u := range s.users {
		if u.Domain == d.Name {
			users = append(users, u)
		}
	}
	return users
}

// tokenIn finds a token of a domain by its OCID or its SCIM id. The caller holds the lock.
func (s *Service) tokenIn(d *Domain, id string) (*user, *Token) {
	for _, u := range s.usersIn(d) {
		if t := u.token(id); t != nil {
			return u, t
		}
	}
	return nil, nil
}

// userIn finds a user of a domain by its OCID or its SCIM id. The caller holds the lock.
func (s *Service) userIn(d *Domain, id string) *user {
	for _, u := range s.usersIn(d) {
		if u.ID == id || u.scimID == id {
			return u
		}
	}
	return nil
}

// mayManage reports whether the caller may change the tokens of a user. Users of the Default domain are administrators here. Others
// may change their own tokens if the request says so. The caller holds the lock.
func (s *Service) mayManage(c *call, u *user, selfChange bool) bool {
	switch caller := s.user(c.callerID); {
	case u.denied || caller == nil:
		return false
	case caller.Domain == "":
		return true
	}
	return c.callerID == u.ID && selfChange
}

// maySee reports whether the caller may see the tokens of a user. The caller holds the lock.
func (s *Service) maySee(c *call, u *user) bool {
	return s.mayManage(c, u, true)
}

// carryOutInDomain carries out an admitted call to an identity domain. The caller holds the lock.
func (s *Service) carryOutInDomain(c *call) (answer, *failure) {
	switch c.operation {
	case "CreateAuthToken":
		return s.createInDomain(c)
	case "ListAuthTokens":
		return s.listInDomain(c)
	case "GetAuthToken":
		u, t := s.tokenIn(c.domain, c.tokenID)
		switch {
		case t == nil:
			return answer{}, notFound
		case !s.maySee(c, u):
			return answer{}, accessDenied
		}
		return answer{status: http.StatusOK, body: c.shown(s.scimToken(c.domain, u, *t, false))}, nil
	case "UpdateAuthToken":
		return s.patchInDomain(c)
	case "DeleteAuthToken":
		u, t := s.tokenIn(c.domain, c.tokenID)
		switch {
		case t == nil:
			return answer{}, notFound
		case !s.mayManage(c, u, c.URL.Query().Get("allowSelfChange") == "true"):
			return answer{}, accessDenied
		case !matches(c, t):
			return answer{}, noEtagMatch
		}
		u.drop(t, s.config.Clock())
		return answer{status: http.StatusNoContent}, nil
	case "ListUsers":
		return s.usersInDomain(c)
	case "GetUser":
		u := s.userIn(c.domain, c.userID)
		switch {
		case u == nil:
			return answer{}, notFound
		case !s.maySee(c, u):
			return answer{}, accessDenied
		}
		return answer{status: http.StatusOK, body: c.shown(s.scimUser(c.domain, u))}, nil
	default:
		return answer{}, notFound
	}
}

func (s *Service) createInDomain(c *call) (answer, *failure) {
	var body struct {
		Schemas     []string
		User        scimUser
		Description *string
		ExpiresOn   *string
		Nested      struct{ AllowSelfChange bool } `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User"`
		Flat        bool                           `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User:allowSelfChange"`
	}
	switch err := json.Unmarshal(c.body, &body); {
	case err != nil:
		return answer{}, invalid("invalidJson", "The request body is not valid.")
	case !slices.Contains(body.Schemas, schemaToken):
		return answer{}, invalid("missingReqAttributes", "Missing required attribute(s): schemas.")
	case body.User == scimUser{}:
		return answer{}, invalid("missingReqAttributes", "Missing required attribute(s): user.")
	case len(body.User.Value) > 40:
		return answer{}, invalid("stringExceedsMaxLimit", "The attribute user.value exceeds the maximum length of 40.")
	}
	id := body.User.OCID
	if id == "" {
		id = body.User.Value
	}
	u := s.userIn(c.domain, id)
	switch {
	case u == nil:
		return answer{}, notFound
	case !s.mayManage(c, u, body.Nested.AllowSelfChange || body.Flat):
		return answer{}, accessDenied
	}
	c.userID = u.ID
	var w wish
	if body.Description != nil {
		w.description = *body.Description
	}
	if body.ExpiresOn != nil {
		expires, err := time.Parse(time.RFC3339, *body.ExpiresOn)
		if err != nil || !expires.After(s.config.Clock()) {
			return answer{}, invalid("invalidExpiresOn", "expiresOn must be a time in the future.")
		}
		w.expires = expires.UTC()
	}
	t, failed := s.create(u, c, w)
	if failed != nil {
		return answer{}, failed
	}
	c.tokenID = t.ID
	return answer{status: http.StatusCreated, etag: t.ETag, body: c.shown(s.scimToken(c.domain, u, t, true))}, nil
}

func (s *Service) patchInDomain(c *call) (answer, *failure) {
	u, t := s.tokenIn(c.domain, c.tokenID)
	if t == nil {
		return answer{}, notFound
	}
	var body struct {
		Schemas    []string
		Operations []struct {
			Op, Path string
			Value    any
		}
	}
	if json.Unmarshal(c.body, &body) != nil || !slices.Contains(body.Schemas, schemaPatch) || len(body.Operations) == 0 {
		return answer{}, invalid("invalidJson", "The request body is not valid.")
	}
	selfChange := false
	var description *string
	for _, op := range body.Operations {
		text, isText := op.Value.(string)
		replaces := strings.EqualFold(op.Op, "replace") || strings.EqualFold(op.Op, "add")
		switch {
		case op.Path == schemaSelf+":allowSelfChange" && replaces:
			selfChange = op.Value == true
		case op.Path == "description" && replaces && isText:
			description = &text
		case op.Path == "description" && strings.EqualFold(op.Op, "remove"):
			description = new("")
		default:
			return answer{}, invalid("attributeNotModifiable", fmt.Sprintf("The attribute %s cannot be modified.", op.Path))
		}
	}
	switch {
	case !s.mayManage(c, u, selfChange):
		return answer{}, accessDenied
	case !matches(c, t):
		return answer{}, noEtagMatch
	}
	s.change(t, description)
	return answer{status: http.StatusOK, etag: t.ETag, body: c.shown(s.scimToken(c.domain, u, *t, false))}, nil
}

// search is the parameters of a list, from the query or, with .search, from the body.
type search struct {
	Filter     string
	StartIndex int
	Count      *int
	Attributes []string
}

func (c *call) search() search {
	var asked search
	if c.Method == http.MethodPost {
		_ = json.Unmarshal(c.body, &asked)
		return asked
	}
	query := c.URL.Query()
	asked.Filter = query.Get("filter")
	asked.StartIndex, _ = strconv.Atoi(query.Get("startIndex"))
	if count, err := strconv.Atoi(query.Get("count")); err == nil {
		asked.Count = &count
	}
	if attributes := query.Get("attributes"); attributes != "" {
		asked.Attributes = strings.Split(attributes, ",")
	}
	return asked
}

// shown returns a resource with the attributes that the request asks for, and those that are always shown.
func (c *call) shown(resource map[string]any) map[string]any {
	asked := c.search().Attributes
	if len(asked) == 0 {
		return resource
	}
	asked = append(asked, "id", "schemas")
	maps.DeleteFunc(resource, func(name string, _ any) bool {
		return !slices.ContainsFunc(asked, func(a string) bool {
			top, _, _ := strings.Cut(a, ".")
			return a == name || top == name
		})
	})
	return resource
}

// filter is an expression of SCIM with one comparison: RFC 7644, section 3.4.2.2.
type filter struct{ attribute, value string }

var comparison = regexp.MustCompile(`^\s*([A-Za-z.]+)\s+[eE][qQ]\s+("(?:[^"\\]|\\.)*")\s*$`)

func parseFilter(text string) (filter, *failure) {
	if text == "" {
		return filter{}, nil
	}
	match := comparison.FindStringSubmatch(text)
	var value string
	if match == nil || json.Unmarshal([]byte(match[2]), &value) != nil {
		return filter{}, invalid("invalidFilter", "The filter is not valid.")
	}
	return filter{match[1], value}, nil
}

// page is one page of a list.
func (c *call) page(resources []map[string]any) answer {
	asked := c.search()
	start, count, total := max(asked.StartIndex, 1), 50, len(resources)
	if asked.Count != nil {
		count = min(max(*asked.Count, 0), 1000)
	}
	from := min(start-1, total)
	resources = resources[from:min(from+count, total)]
	for i := range resources {
		resources[i] = c.shown(resources[i])
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"schemas": []string{schemaList}, "totalResults": total, "startIndex": start, "itemsPerPage": count, "Resources": resources,
	}}
}

func (s *Service) listInDomain(c *call) (answer, *failure) {
	f, failed := parseFilter(c.search().Filter)
	if failed != nil {
		return answer{}, failed
	}
	resources := []map[string]any{}
	for _, u := range s.usersIn(c.domain) {
		switch {
		case f.attribute == "user.ocid" && f.value != u.ID, f.attribute == "user.value" && f.value != u.scimID:
			continue
		case !s.maySee(c, u) && f.attribute != "":
			return answer{}, accessDenied
		case !s.maySee(c, u):
			continue
		}
		for _, t := range s.list(u, c.region) {
			if (f.attribute == "ocid" && f.value != t.ID) || (f.attribute == "id" && f.value != t.SCIMID) {
				continue
			}
			resources = append(resources, s.scimToken(c.domain, u, t, false))
		}
	}
	if !slices.Contains([]string{"", "user.ocid", "user.value", "ocid", "id"}, f.attribute) {
		return answer{}, invalid("invalidFilter", fmt.Sprintf("The attribute %s cannot be searched for.", f.attribute))
	}
	return c.page(resources), nil
}

func (s *Service) usersInDomain(c *call) (answer, *failure) {
	f, failed := parseFilter(c.search().Filter)
	if failed != nil {
		return answer{}, failed
	}
	resources := []map[string]any{}
	for _, u := range s.usersIn(c.domain) {
		attribute, known := map[string]string{"": f.value, "ocid": u.ID, "id": u.scimID, "userName": u.Name}[f.attribute]
		if !known {
			return answer{}, invalid("invalidFilter", fmt.Sprintf("The attribute %s cannot be searched for.", f.attribute))
		}
		if attribute == f.value && s.maySee(c, u) {
			resources = append(resources, s.scimUser(c.domain, u))
		}
	}
	return c.page(resources), nil
}

// scimToken is a token as a domain returns it. The status is never returned.
func (s *Service) scimToken(d *Domain, u *user, t Token, withValue bool) map[string]any {
	changed := t.TimeCreated
	if !t.changed.IsZero() {
		changed = t.changed
	}
	resource := map[string]any{
		"schemas": []string{schemaToken}, "id": t.SCIMID, "ocid": t.ID, "description": t.Description,
		"user": map[string]any{"value": u.scimID, "ocid": u.ID, "name": u.Name, "$ref": d.URL + "/admin/v1/Users/" + u.scimID},
		"meta": map[string]any{
			"resourceType": "AuthToken", "created": timestamp(t.TimeCreated), "lastModified": timestamp(changed), "version": t.ETag,
			"location": d.URL + "/admin/v1/AuthTokens/" + t.SCIMID,
		},
		"domainOcid": d.ID, "compartmentOcid": s.tenancy, "tenancyOcid": s.tenancy,
	}
	if withValue {
		resource["token"] = t.Value
	}
	if t.TimeExpires != nil {
		resource["expiresOn"] = timestamp(*t.TimeExpires)
	}
	return resource
}

func (s *Service) scimUser(d *Domain, u *user) map[string]any {
	emails := []map[string]any{}
	if u.Email != "" {
		emails = append(emails, map[string]any{"value": u.Email, "type": "work", "primary": true})
	}
	return map[string]any{
		"emails":  emails,
		"schemas": []string{schemaUser}, "id": u.scimID, "ocid": u.ID, "userName": u.Name, "active": true,
		"meta":       map[string]any{"resourceType": "User", "location": d.URL + "/admin/v1/Users/" + u.scimID},
		"domainOcid": d.ID, "compartmentOcid": s.tenancy, "tenancyOcid": s.tenancy,
	}
}
