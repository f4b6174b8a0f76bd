//go:build !unix

package main

import "os/exec"

// ownProcessGroup does nothing: here, Pulumi gets the Ctrl-C from the terminal alone.
func ownProcessGroup(*exec.Cmd) {}
