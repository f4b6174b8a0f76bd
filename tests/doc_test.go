// Package tests contains the whole-system tests. They run the provider between the real engine and a local OCI Identity service over
// HTTP.
package tests
