package pages

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// bounds lists the sentences about times and attempts that the code decides, by page. What is in braces is a constant in the code, or an
// expression of constants of one package.
var bounds = map[string][]string{
	"docs/guides/troubleshooting.md": {
		"this machine's clock is off by more than {skew}",
		"Otherwise waits up to {userWithin}, because the user may be new",
		"the token is gone, if it is older than {NewFor}. If it is younger",
		"In the first {NewFor} of a token's life, lists may lack it",
		"`pulumi refresh`, at least {NewFor} after the token's creation",
		"The user is being changed. | Tries {faultAttempts} times,",
		"A fault of the service, or of a proxy on the way. | Tries {faultAttempts} times,",
		"Without a connection, tries {unreachableAttempts} times,",
		"cannot be reached. | Tries {unreachableAttempts} times.",
		"wants a password. | Tries {unreachableAttempts} times.",
		"asks {userLooks} times within seconds for a user whom it finds in none",
		"Fails after {throttleBudget}, or after the operation's `customTimeouts`",
	},
	"docs/guides/where-the-token-goes.md": {
		"It waits up to {userWithin} before it creates the token",
	},
	"docs/guides/identity-domains.md": {
		"when less than {lastWeek} is left, or less than a {lastShare}th of the token's life. For a token that lives for {lastWeek} or less",
	},
	"docs/guides/rotation.md": {
		"at least once in every {eighths-liveForEighth} eighths of that time: with `maxAgeDays: 90`, in every {90*(eighths-liveForEighth)/eighths} days.",
		"the first after {liveForEighth} eighths of it",
	},
	"docs/internals/promises.md": {
		"Cancelling ends the creation after {answerGrace}, and then looks for the token for up to {lookWithin}.",
		"the {faultAttempts}th fault since the creation became doubtful",
		"{settleWithin} after the creation became doubtful",
		"the user is not known yet | {userWithin} |",
		"the operation's timeout, or {throttleBudget} if it has none",
		"any other refusal | the {refusedAttempts}th refusal |",
		"in the last {freeWithin}. OCI may still count that one",
		"lacks it, and it is older than {NewFor}. | is gone",
		"says that there is none, and it is older than {NewFor}. | is gone",
		"The same, and it is younger than {NewFor}, or its age is not known. | stays in the state, with a warning after {newLooks} looks.",
		"this machine's clock may be {skew} ahead",
		"and a try after {tryWithin}, whether the registry answers or not",
		"times in {readyWithin}, and",
		"At most {LongestBody>>20} MiB of an answer is read.",
		"A `Retry-After` of more than {longestRetryAfter} counts as {longestRetryAfter}.",
		"at least once in every {eighths-liveForEighth} eighths of that time.",
		"If that is more than {skew} off, OCI refuses the requests",
	},
	"docs/internals/emulator.md": {
		"if the client's clock is off by more than {clockSkew},",
		"A retry token replays the first answer for {retryTokensLive}",
		"`opc-retry-token`, good for {retryTokensLive}",
		"up to the size of a request of {longestBody>>20} MiB",
		"An access token is valid for {accessTokenLives} by the emulator's clock",
		"and are valid for {registryTokenLives}",
	},
	"docs/guides/emulator.md": {
		"returns one that is valid for {accessTokenLives}.",
	},
	"provider/authtoken/authtoken.md": {
		"when less than {lastWeek} is left, or less than a {lastShare}th of the token's life. For a token that lives for {lastWeek} or less,",
	},
	"provider/registry/getregistrylogin.md": {
		"It waits for {readyWithin} at most, or for `waitTimeoutSeconds`",
		"a try that is not answered ends after {tryWithin}.",
		"tries, six in {readyWithin}, because",
	},
	"provider/rotatingauthtoken/rotatingauthtoken.md": {
		"more than {skew} early, because OCI refuses requests whose time is further off",
	},
	"internal/oci/errors.go": {
		"this machine's clock is right to within {skew}",
	},
	"schema.json": {
		"in days from 1 to {longestPeriod}, such as 90",
		"is due to be rotated, from 1 to {longestPeriod}.",
		"the previous token is revoked, from 0 to {longestPeriod}.",
		"in seconds, from 0 to {int64(longestReadyWithin)/1e9}. The default is {int64(readyWithin)/1e9}.",
		"at least once in every {eighths-liveForEighth} eighths of that time: every {90*(eighths-liveForEighth)/eighths} days for 90.",
	},
}

// facts lists the other times and amounts on the pages, and where they are from: from a test, or from outside of the code.
var facts = map[string]string{
	"an hour":                          "how long OCI's access tokens for the registry are valid",
	"a minute or two":                  "how long the registry takes to know a token",
	"in up to a minute":                "TestBackoff",
	"takes about five minutes":         "seen on two cores",
	"takes about three minutes":        "seen on two cores",
	"in less than a minute once":       "seen on two cores",
	"within two weeks":                 "what the maintainers promise",
	"within 90 days":                   "the CIS benchmark",
	"younger than 90 days":             "the CIS benchmark",
	"never becomes older than 90 days": "TestHowOldATokenBecomes",
	"before it is 90 days old":         "TestHowOldATokenBecomes",
	"at least once a month":            "TestHowOldATokenBecomes",
	"has two days to repeat":           "TestHowOldATokenBecomes",
	"174 days":                         "twice 80 and 7",
	"after 60 days without activity":   "GitHub",
	"here once a day":                  "resyncFrequencySeconds on the page",
}

var (
	words  = []string{"", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	amount = regexp.MustCompile(`\b(?:an?|\d[\d,.]*|` + strings.Join(words[1:], "|") + `)[ -](?:more )?` +
		`(?:minutes?|hours?|days?|weeks?|months?|years?|seconds|looks|faults|refusals|times|tries|attempts|eighths|MiB)\b`)
	placeholder = regexp.MustCompile(`\\\{.*?\\\}(?:th)?`)
)

func TestTimesAndAttemptsAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	code := typeCheck(t)
	unused := map[string]bool{}
	tests := testNames(t)
	for fact, from := range facts {
		unused[fact] = true
		assert.True(t, !strings.HasPrefix(from, "Test") || tests[from], "there is no %s", from)
	}
	names := map[string]bool{}
	for _, name := range toolchain.Files(t, "*.md", ":!tools/docs", ":!CHANGELOG.md", ":!sdk") {
		names[name] = true
	}
	for name := range bounds {
		names[name] = true
	}
	for name := range names {
		page := strings.Join(strings.Fields(fence.ReplaceAllString(toolchain.ReadFile(t, name), "")), " ")
		for _, sentence := range bounds[name] {
			pattern := regexp.MustCompile(placeholder.ReplaceAllStringFunc(regexp.QuoteMeta(sentence), func(of string) string {
				return "(?:" + strings.Join(code.spelled(t, of), "|") + ")"
			}))
			if !pattern.MatchString(page) {
				t.Errorf("%s does not say so, or the code does not do so: %s\nlooked for %s", name, sentence, pattern)
			}
			page = pattern.ReplaceAllString(page, "")
		}
		if path.Ext(name) != ".md" {
			continue
		}
		for fact := range facts {
			if strings.Contains(page, fact) {
				delete(unused, fact)
				page = strings.ReplaceAll(page, fact, "")
			}
		}
		for _, at := range amount.FindAllStringIndex(page, -1) {
			t.Errorf("%s: where is %q from, in %q? Write it down in bounds if the code decides it, or else in facts",
				name, page[at[0]:at[1]], page[max(at[0]-60, 0):min(at[1]+30, len(page))])
		}
	}
	assert.Empty(t, unused, "no page says so")
}

// program is the type-checked code of the plugin and of the emulator, as far as its constants need it.
type program []*types.Package

func typeCheck(t *testing.T) program {
	t.Helper()
	folders := map[string][]*ast.File{}
	files := token.NewFileSet()
	for _, name := range toolchain.Files(t, "internal/*.go", "provider/*.go", "cmd/*.go", ":!*_test.go") {
		file, err := parser.ParseFile(files, filepath.Join(toolchain.Root, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		folders[path.Dir(name)] = append(folders[path.Dir(name)], file)
	}
	var checked program
	for name, folder := range folders {
		// The constants depend on no other package, so that errors about those do not matter.
		configuration := types.Config{Error: func(error) {}, Importer: durations{}, IgnoreFuncBodies: true}
		pkg, _ := configuration.Check(name, files, folder, nil)
		checked = append(checked, pkg)
	}
	return checked
}

// durations imports the units of package time, and nothing else.
type durations struct{}

func (durations) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, fmt.Errorf("%s is not imported", path)
	}
	pkg := types.NewPackage(path, path)
	name := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(name)
	for name, unit := range map[string]time.Duration{
		"Nanosecond": 1, "Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, name, duration, constant.MakeInt64(int64(unit))))
	}
	pkg.MarkComplete()
	return pkg, nil
}

// spelled returns the ways in which a page may spell the value of an expression in braces. If "th" follows, it is an ordinal number.
func (p program) spelled(t *testing.T, quoted string) []string {
	t.Helper()
	expression, ordinal := strings.CutSuffix(strings.ReplaceAll(quoted, `\`, ""), "}th")
	expression = strings.Trim(expression, "{}")
	var found []types.TypeAndValue
	for _, pkg := range p {
		value, err := types.Eval(token.NewFileSet(), pkg, token.NoPos, expression)
		if err == nil && value.Value != nil && !slices.ContainsFunc(found, func(other types.TypeAndValue) bool {
			return constant.Compare(other.Value, token.EQL, value.Value)
		}) {
			found = append(found, value)
		}
	}
	require.Len(t, found, 1, "{%s} has one value in the code", expression)
	n, exact := constant.Int64Val(found[0].Value)
	require.True(t, exact, expression)
	if found[0].Type.String() == "time.Duration" {
		return spelledDuration(time.Duration(n))
	}
	if ordinal {
		return []string{[]string{"", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}[n]}
	}
	return spelledNumber(n)
}

func spelledDuration(d time.Duration) []string {
	var spelled []string
	for unit, is := range map[string]time.Duration{
		"week": 7 * 24 * time.Hour, "day": 24 * time.Hour, "hour": time.Hour, "minute": time.Minute, "second": time.Second,
	} {
		if d == is {
			spelled = append(spelled, "an? "+unit, "1 "+unit, "one "+unit)
		} else if d%is == 0 {
			for _, number := range spelledNumber(int64(d / is)) {
				spelled = append(spelled, number+" "+unit+"s")
			}
		}
	}
	return append(spelled, regexp.QuoteMeta(d.String()))
}

func spelledNumber(n int64) []string {
	if n > 0 && n < int64(len(words)) {
		return []string{fmt.Sprint(n), words[n]}
	}
	return []string{fmt.Sprint(n)}
}

// testNames returns the names of all tests in the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(`)
	for _, name := range toolchain.Files(t, "*_test.go") {
		for _, match := range function.FindAllStringSubmatch(toolchain.ReadFile(t, name), -1) {
			names[match[1]] = true
		}
	}
	return names
}
