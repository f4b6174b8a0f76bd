// Package ociauthtoken is the Go SDK of OCI Auth Token, a Pulumi package.
//
// Mint, keep and revoke auth tokens of Oracle Cloud Infrastructure (OCI): the generated passwords that `docker login` to the OCI container registry, Git over HTTPS, Swift and database clients take.
package ociauthtoken
