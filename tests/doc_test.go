// Package tests contains the whole-system tests that concern several resources or functions at once, with the provider below the real
// engine and a local OCI Identity service. Those of one resource or function are in its folder below provider.
package tests
