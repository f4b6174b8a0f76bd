package emulator

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestThePageListsEveryFault compares the table in docs/guides/emulator.md with the fields of a fault, and with the operations.
func TestThePageListsEveryFault(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/guides/emulator.md")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(page), "\n## Faults\n")
	span := regexp.MustCompile("`(\\w+)`")
	var fields, known, operationsListed []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		for _, match := range span.FindAllStringSubmatch(row[1], -1) {
			fields = append(fields, match[1])
			if match[1] == "operation" {
				for _, operation := range span.FindAllStringSubmatch(row[2], -1) {
					operationsListed = append(operationsListed, operation[1])
				}
			}
		}
	}
	for i := range reflect.TypeFor[Fault]().NumField() {
		if name, _, _ := strings.Cut(reflect.TypeFor[Fault]().Field(i).Tag.Get("json"), ","); name != "-" {
			known = append(known, name)
		}
	}
	assert.ElementsMatch(t, known, fields)
	assert.ElementsMatch(t, operations, operationsListed)
	for _, drop := range []Drop{DropBeforeCommit, DropAfterCommit} {
		assert.Contains(t, section, "`\""+string(drop)+"\"`")
	}
}
