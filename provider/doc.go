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
// "make sdk" then writes the pages, schema.json and the SDKs. CHANGELOG.md has what a user notices. schema_test.go here notices what has no
// description, and tests/pages/names_test.go a name on a page that is not in the code.
//
// An output of every token, such as when it was last used: a field of Token and its line in updatedBy, in internal/tokens/token.go;
// internal/tokens/iam/iam.go and internal/tokens/scim/scim.go, which read it from the answers of the two APIs; and its field, its description
// and its line in UpdateOutputs in token/outputs.go. AuthToken, RotatingAuthToken, getAuthTokens and its filters have it then. It is optional in
// the state, so that the states of earlier releases can be read, and has the tag schema:"required" if every token has it. preview_test.go
// notices a preview that takes it for known. The emulator answers with it (internal/emulator/tokens.go, domains.go). An output of one resource
// is a field of State in the resource's file; for RotatingAuthToken, ofNewToken in update.go names what each new token changes, and
// currentAsPrevious and withoutPrevious in state.go set and clear what is about the previous token.
//
// An argument: a field of Args in the resource's file, its description in Annotate and its rules in Check. Its tags say whether it is a
// secret, whether a change replaces the resource, and with "means" whether values have several forms (token/meanings.go). What OCI is sent of
// it is in Creation (internal/tokens/token.go), and in iam.go and scim.go beside it. What it means for a rotation is in plan.go of
// rotatingauthtoken and in docs/guides/rotation.md; planned and mayChange there say what a preview does while its value is not known, and the
// simulation sets it (rotationWish in tests/simulation/rotation_test.go). meaning_test.go fails until it has the forms that values may have.
//
// A resource: a folder with its file, as authtoken has it; its page in tools/docs/pages/provider/<folder>/<folder>.md; and a line in
// provider.go. ResourceOf requires every method, and the compiler says which one is missing. What else is in authtoken (list.go, wayback.go,
// expiry.go) is its own, and no other resource needs it. lifecycle_test.go here runs pulumi-go-provider's LifeCycleTest for each resource.
// README.md and CONTRIBUTING.md's map name what there is: tests/pages/names_test.go notices what they lack.
//
// A function: the same, with an Invoke. The functions for the container registry share a folder.
//
// A way to sign in: a file in internal/auth, and a row of the table ways in auth.go, from which the description of the property auth has it.
// The two tables in docs/guides/signing-in.md are written by hand, and connection/signin_ways_test.go notices a way that they lack. It also
// has a row for each way: harness.Issuer gives out tokens to machines.
//
// A property of the configuration: a row of the table in internal/auth/properties.go, which a way to sign in reads with s.find, or with
// require if it must be set; or in connection/properties.go if only a program may set it, which Configure in connection.go reads. And the
// field of the same name in connection/config.go. Its variables, its errors and its documentation follow. The two files properties_test.go
// notice a property that nothing reads.
//
// How an answer of OCI is judged: verdict.go in internal/oci says what one answer means, its errors.go what a person is advised to do, and the
// table in docs/guides/troubleshooting.md both. internal/tokens/creation.go says what follows for a creation, and gone.go, ours.go and
// recorded.go in internal/tokens what follows for a token: docs/internals/promises.md has their tables. Whether a success says what it should
// is in internal/oci/answer.go, iam.go and scim.go. verdict_test.go and errors_test.go have a row for each answer. A Fault of the emulator can
// give any answer (internal/emulator/faults.go), and the simulation has to meet it (tests/simulation/program_test.go).
//
// An example: a folder in examples, and a line in examples/README.md, without which tests/examples/lint_test.go fails. The test of its kind
// has a table with a row for each language, such as that of TestPushImageExample in tests/examples/push_test.go. A language that has no example
// yet is a row of the table languages in tests/examples/languages_test.go, whose tests then expect the first example in it. A program on a
// page is a snippet in YAML, in tools/docs/snippets, from which "make sdk" makes it in every language.
//
// A promise: a row in docs/internals/promises.md, which names its test. CONTRIBUTING.md says where which test goes. If it is about what
// happens when something goes wrong, tests/simulation/invariants_test.go checks it too. tests/pages/names_test.go notices a promise without a
// test that exists.
package provider
