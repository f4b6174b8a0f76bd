// Package harness contains what the whole-system tests share: what is around the provider under test, and the provider itself as a
// process. The package inprocess below it runs the provider, and Pulumi's engine, in the process of the test.
//
// A test begins with a World: a local OCI, the machine that Pulumi runs on, and a clock. NewWorld makes one. A test of what holds for both
// APIs runs in ForEachAPI, and makes it with API.NewWorld. The other fixtures are made from a World. Reach for them in this order, because
// each is slower than the one before:
//
//	inprocess.Plugin   one call of the provider, over gRPC: what is on the wire, and what a call answers to a fault
//	inprocess.Stack    the real engine: steps, state, dependents, what a person is shown
//	Process            the plugin's process: signals, its own output, variables such as HTTPS_PROXY, which Go reads once and then remembers
//	CLI                the pulumi command: generated code, import files, Ctrl-C, logs
//
// Two more stand in for what is around a machine. Each embeds a World, so it is made in place of one:
//
//	Issuer             the services that give out security tokens to instances, functions and clusters
//	CorporateNetwork   a proxy with a certificate authority of its own, behind which OCI and an Issuer are
//
// What goes wrong is a fault of the emulator: World.OCI.Inject, World.InOrder for creations, World.Gate to hold an answer back until the
// test lets it go. Nothing sleeps: the Clock ends every wait at once, or when the test says so. Every token's value contains the Canary,
// and the fixtures search what they show for it.
//
// Beside this package, backend creates stacks and reads their state without the pulumi command, ocir is a container registry that the local
// OCI guards, and toolchain has what the tests run besides Go: the plugin as it is now, compilers, the commands on the machine.
//
// A fixture that one package needs is in that package. The simulation has a world of its own, in memory and on virtual time.
package harness
