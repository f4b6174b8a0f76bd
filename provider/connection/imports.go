package connection

import (
	"context"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// imports tells an import from .get(). Both read a resource that is not in the state, and the requests are the same. Only of a resource
// that is imported the engine also has the arguments checked, before the read or after it. .get() reads the resource in every update.
type imports struct {
	mu sync.Mutex
	// checked holds the URNs of the resources whose arguments have been checked.
	checked map[string]bool
	// warnings are for the resources that have been read, by URN, in case they are being imported.
	warnings map[string]string
}

// WarnOfImport gives a warning once it is known that the resource of this call, which is read, is being imported.
func (c *Connection) WarnOfImport(ctx context.Context, warning string) {
	i := &c.imports
	i.mu.Lock()
	defer i.mu.Unlock()
	urn := infermend.URNOf(ctx)
	if i.checked[urn] {
		p.GetLogger(ctx).Warning(warning)
		return
	}
	if i.warnings == nil {
		i.warnings = map[string]string{}
	}
	i.warnings[urn] = warning
}

// NoteCheck notes that the arguments of the resource of this call are checked.
func (c *Connection) NoteCheck(ctx context.Context) {
	i := &c.imports
	i.mu.Lock()
	defer i.mu.Unlock()
	urn := infermend.URNOf(ctx)
	if warning, ok := i.warnings[urn]; ok {
		p.GetLogger(ctx).Warning(warning)
		delete(i.warnings, urn)
	}
	if i.checked == nil {
		i.checked = map[string]bool{}
	}
	i.checked[urn] = true
}
