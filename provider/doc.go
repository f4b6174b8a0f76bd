// Package provider is the Pulumi provider ociauthtoken: its resources and functions, put together so that the engine can call them. Each
// thing that a user sees has a folder of its own, with its page and its tests.
//
// # The code in an hour
//
// Read it in this order. The comments say why, and docs/internals/promises.md says what is promised.
//
//	provider.go                          what there is, and how it is put together
//	authtoken/authtoken.go               a resource, from its arguments to its deletion; the other folders are alike
//	internal/tokens/creation.go          the creation of a token: what happens to an answer that gets lost
//	internal/tokens/gone.go, ours.go, recorded.go
//	                                     the three judgements: may a token leave the state, be changed, be named in a message
//	internal/oci/call.go, verdict.go     one call to OCI: when it is repeated, and what its answers mean
//	rotatingauthtoken/plan.go            when a rotation is due, and which steps it takes, without a call
//	rotatingauthtoken/update.go          the steps, and what is recorded if one of them fails
//	connection/connection.go             the configuration becomes the client that resources and functions are given
//	infermend/infermend.go               what the framework lacks, and which tags a resource describes itself with
//	internal/auth/auth.go, sources.go    the ways to sign in, and where the properties of the configuration come from
//	tests/harness/doc.go                 the fixtures of the whole-system tests
//	tests/simulation/invariants_test.go  what must hold after each step, whatever goes wrong
//
// # What to change for what
//
// "make sdk" then writes the pages, schema.json and the SDKs. CHANGELOG.md has what a user notices.
//
// An output of every token, such as when it was last used: a field of Token in internal/tokens/token.go; internal/tokens/iam/iam.go and
// internal/tokens/scim/scim.go, which read it from the answers of the two APIs; and its field, its description and its line in
// UpdateOutputs in token/outputs.go. AuthToken, RotatingAuthToken and getAuthTokens have it then. The emulator answers with it
// (internal/emulator/tokens.go, domains.go). An output of one resource is a field of State in the resource's file.
//
// An argument: a field of Args in the resource's file, its description in Annotate and its rules in Check. Its tags say whether it is a
// secret, whether a change replaces the resource, and with "means" whether values have several forms (token/meanings.go). What OCI is sent of
// it is in Creation (internal/tokens/token.go), and in iam.go and scim.go beside it. lifecycle_test.go here has the arguments in use, and
// meaning_test.go the forms that mean the same.
//
// A resource: a folder with its file, as authtoken has it; its page in tools/docs/pages/provider/<folder>/<folder>.md; and a line in
// provider.go. ResourceOf requires every method, and the compiler says which one is missing. README.md and docs/_index.md name what there is.
//
// A function: the same, with an Invoke. The functions for the container registry share a folder.
//
// A way to sign in: a file in internal/auth, and a row of the table ways in auth.go. The documentation has its row from there.
// connection/signin_ways_test.go has a row for each, and harness.Issuer gives out tokens to machines.
//
// A property of the configuration: a row of the table in internal/auth/properties.go, or in connection/properties.go if only a program may
// set it, and the field of the same name in connection/config.go. Its variables, its errors and its documentation follow.
//
// How an answer of OCI is judged: verdict.go in internal/oci says what one answer means, internal/tokens/creation.go what follows for a
// creation, and gone.go, ours.go and recorded.go in internal/tokens what follows for a token. docs/internals/promises.md has their tables. The
// emulator has to give the answer (internal/emulator/faults.go), and the simulation to meet it (tests/simulation/program_test.go).
//
// An example in a language: a folder in examples, which a test in tests/examples runs as it is, and a line in examples/README.md. A program on
// a page is a snippet in YAML, in tools/docs/snippets, from which "make sdk" makes it in every language.
//
// A promise: a row in docs/internals/promises.md, which names its test. CONTRIBUTING.md says where which test goes. If it is about what
// happens when something goes wrong, tests/simulation/invariants_test.go checks it too.
package provider
