package main

import "testing"

func TestRenderXMLDoc(t *testing.T) {
	code := `
    /// <summary>
    /// A ` + "`b`" + ` of **c** &lt;d&gt;.
    /// 
    /// - e
    /// </summary>
    ///
    /// <param name="f">A ` + "`g`" + `</param>
    public class H {}
`
	want := `
    /// <summary>
    /// A <c>b</c> of <b>c</b> &lt;d&gt;.
    ///
    /// <list type="bullet">
    /// <item><description>e</description></item>
    /// </list>
    /// </summary>
    ///
    /// <param name="f">A ` + "`g`" + `</param>
    public class H {}
`
	if got := string(renderXMLDoc([]byte(code))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
