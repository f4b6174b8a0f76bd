package generator

import (
	"strings"
	"testing"
)

// markup makes visible where each of its parts begins and ends.
var markup = Markup{
	Paragraph: "<p>%s</p>", Heading: "<h>%s</h>",
	ListStart: "<list>", Item: "<item>%s</item>", ListEnd: "</list>",
	CodeStart: "<block>", CodeLine: "|%s", CodeEnd: "</block>",
	InlineCode: "<c>%s</c>", Strong: "<b>%s</b>", Link: `<a href="%[2]s">%[1]s</a>`,
}

func TestRender(t *testing.T) {
	for name, test := range map[string]struct{ markdown, want string }{
		"a paragraph":            {"Text\nover lines.", "Text over lines."},
		"paragraphs":             {"One.\n\nTwo\nlines.\n\nThree.\n", "One.\n\n<p>Two lines.</p>\n\n<p>Three.</p>"},
		"a heading":              {"One.\n\n## Two\n\nThree.", "One.\n\n<h>Two</h>\n\n<p>Three.</p>"},
		"headings in a row":      {"One.\n## Two\n### Three\nFour.", "One.\n\n<h>Two</h>\n\n<h>Three</h>\n\n<p>Four.</p>"},
		"a list":                 {"One:\n\n- two\n  lines\n- three\n\nFour.", "One:\n\n<list>\n<item>two lines</item>\n<item>three</item>\n</list>\n\n<p>Four.</p>"},
		"a list at the end":      {"- one", "<list>\n<item>one</item>\n</list>"},
		"a code block":           {"```sh\n# not a heading\n\n- `x`\n```", "<block>\n|# not a heading\n|\n|- `x`\n</block>"},
		"what is rendered":       {"<pre>\n- `x`\n</pre>\n- `x`", "<pre>\n- `x`\n</pre>\n<list>\n<item><c>x</c></item>\n</list>"},
		"code":                   {"`a` and `b`", "<c>a</c> and <c>b</c>"},
		"strong":                 {"**With `a` it** stays", "<b>With <c>a</c> it</b> stays"},
		"a link":                 {"[here](https://example.com/a)", `<a href="https://example.com/a">here</a>`},
		"a backquote by itself":  {"a ` b", "a ` b"},
		"dollars and percentage": {"`$1` costs 5%", "<c>$1</c> costs 5%"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(markup.Render(strings.Split(test.markdown, "\n")), "\n")
			if got != test.want {
				t.Errorf("%q became\n%s\nbut should be\n%s", test.markdown, got, test.want)
			}
		})
	}
}
