// Package ociauthtoken is the Go SDK of OCI Auth Token, a Pulumi package.
//
// Create, rotate and revoke auth tokens of Oracle Cloud Infrastructure (OCI): the generated passwords for `docker login` to the OCI container registry, Git over HTTPS, Swift and database clients.
package ociauthtoken
