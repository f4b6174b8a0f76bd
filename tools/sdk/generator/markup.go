package generator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Markup says how a language's documentation comments write what Markdown writes otherwise. Pulumi's generators put the
// Markdown of a schema into comments as it is, which editors show well for TypeScript and Python alone.
type Markup struct {
	Paragraph, Heading           string // formats of a text; the first paragraph of a comment stands as it is
	ListStart, Item, ListEnd     string // where Item is a format of a text
	CodeStart, CodeLine, CodeEnd string // where CodeLine is a format of a text
	InlineCode, Strong, Link     string // formats of a text, and for Link of an address as well
}

var (
	headings = regexp.MustCompile(`^#{1,6} +(.*)$`)
	items    = regexp.MustCompile(`^ {0,3}[-*] +(.*)$`)
	strongs  = regexp.MustCompile(`\*\*(.+?)\*\*`)
	links    = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`)
)

// Render writes the lines of a Markdown text anew. If the markup has reserved characters, they have to be escaped already.
func (m Markup) Render(lines []string) []string {
	var out []string
	add := func(line string) {
		if line != "" {
			out = append(out, line)
		}
	}
	separate := func() {
		if len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, "")
		}
	}

	// A paragraph or an item of a list may go on over many lines: it is written when it ends.
	var text []string
	format := ""
	endText := func() {
		if text != nil {
			add(fmt.Sprintf(format, m.inline(strings.Join(text, " "))))
		}
		text = nil
	}
	inList := false
	endList := func() {
		endText()
		if inList && m.ListEnd != "" {
			end := len(out) // of the list: blank lines come after it
			for out[end-1] == "" {
				end--
			}
			out = slices.Insert(out, end, m.ListEnd)
		}
		inList = false
	}

	end := "" // of the code that the line is in
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		switch {
		case end != "" && trimmed != end:
			if end == "```" {
				line = fmt.Sprintf(m.CodeLine, line)
			}
			out = append(out, line)
		case end == "```":
			end = ""
			add(m.CodeEnd)
		case end != "":
			end = ""
			add(line)
		case strings.HasPrefix(trimmed, "```"):
			endList()
			end = "```"
			add(m.CodeStart)
		case trimmed == "<pre>": // Pulumi's generator for Java renders examples itself.
			endList()
			end = "</pre>"
			add(line)
		case trimmed == "":
			endText()
			separate()
		case headings.MatchString(line):
			endList()
			separate()
			add(fmt.Sprintf(m.Heading, m.inline(headings.FindStringSubmatch(line)[1])))
			separate()
		case items.MatchString(line):
			endText()
			if !inList {
				add(m.ListStart)
			}
			inList = true
			text, format = []string{items.FindStringSubmatch(line)[1]}, m.Item
		case text != nil:
			text = append(text, trimmed)
		case i == 0:
			text, format = []string{trimmed}, "%s"
		default:
			endList()
			text, format = []string{trimmed}, m.Paragraph
		}
	}
	endList()
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// inline renders what stands within a line.
func (m Markup) inline(text string) string {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 {
		return text // a backquote without a partner
	}
	for i := 1; i < len(parts); i += 2 {
		parts[i] = fmt.Sprintf(m.InlineCode, parts[i])
	}
	text = strings.Join(parts, "")
	text = links.ReplaceAllString(text, fmt.Sprintf(m.Link, "$1", "$2"))
	return strongs.ReplaceAllString(text, fmt.Sprintf(m.Strong, "$1"))
}
