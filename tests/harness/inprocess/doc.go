// Package inprocess runs the provider in the process of the test: alone, as a Plugin, or below Pulumi's engine, as a Stack. The
// package harness says when to take which.
package inprocess
