package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// The packages that all TypeScript programs share, with their versions.
var typeScriptPackages = map[string]string{
	"@pulumi/pulumi": "3.276.0", "@types/node": "20.19.0", "typescript": "5.9.3",
}

// typeScriptProgram is a program with one token.
type typeScriptProgram struct {
	name     string
	packages map[string]string // besides those that all share
	source   string
	// runs is false if the plugin is not available here. Only compiling the program can then be measured.
	runs bool
}

// typeScriptPrograms lists the program with our SDK, the same program without an SDK, and the same with the SDK that people have used
// so far. The first is compared with the second.
func typeScriptPrograms(tarball string) []typeScriptProgram {
	const settings = `import * as pulumi from "@pulumi/pulumi";
const userId = new pulumi.Config().require("userId");
`
	return []typeScriptProgram{
		{"pulumi-ociauthtoken", map[string]string{"pulumi-ociauthtoken": "file:" + tarball}, settings + `
import * as ociauthtoken from "pulumi-ociauthtoken";
const token = new ociauthtoken.AuthToken("token", { userId, description: "ci" });
export const password = token.token;
`, true},
		{"@pulumi/pulumi alone", nil, settings + `
class AuthToken extends pulumi.CustomResource {
    public readonly token!: pulumi.Output<string | undefined>;
    constructor(name: string, args: { userId: string; description: string }) {
        super("ociauthtoken:index:AuthToken", name, { token: undefined, ...args }, { additionalSecretOutputs: ["token"] });
    }
}
const token = new AuthToken("token", { userId, description: "ci" });
export const password = token.token;
`, true},
		{"@pulumi/oci", map[string]string{"@pulumi/oci": "4.20.0"}, settings + `
import * as oci from "@pulumi/oci";
const token = new oci.identity.AuthToken("token", { userId, description: "ci" });
export const password = token.token;
`, false},
	}
}

// cost is the time and memory that one run of a command takes.
type cost struct {
	wall time.Duration
	peak int64 // bytes, of the largest process
}

// measureTypeScript prints the cost of compiling and running each program.
func measureTypeScript(ctx context.Context, dir, packages string, a amount, w io.Writer) error {
	tarballs, err := filepath.Glob(filepath.Join(packages, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return fmt.Errorf("one npm tarball in %s, not %d: %w", packages, len(tarballs), err)
	}
	oci, err := startOCI(dir, 2, emulator.Config{})
	if err != nil {
		return err
	}
	defer oci.Close()
	_, _ = fmt.Fprint(w, "\n| TypeScript, one token, with | installed | `tsc` | its memory | `pulumi up` | its memory |\n"+
		"| --- | ---: | ---: | ---: | ---: | ---: |\n")

	programs := typeScriptPrograms(tarballs[0])
	first := -1 // to warm up
	if a.once {
		first = 0
		programs = programs[:2] // The package of the last one is large.
	}
	compiled, run := map[string][]cost{}, map[string][]cost{}
	projects := map[string]*plugin{}
	for i, program := range programs {
		fmt.Fprintln(os.Stderr, "measuring: TypeScript with", program.name)
		p, err := program.prepare(ctx, filepath.Join(dir, fmt.Sprintf("typescript%d", i)), oci)
		if err != nil {
			return err
		}
		projects[program.name] = p
	}
	for round := first; round < a.typeScriptRounds; round++ {
		for _, program := range programs {
			compile, up, err := program.measure(ctx, projects[program.name])
			if err != nil {
				return fmt.Errorf("TypeScript with %s: %w", program.name, err)
			}
			if round >= 0 {
				compiled[program.name] = append(compiled[program.name], compile)
				run[program.name] = append(run[program.name], up)
			}
		}
	}
	for _, program := range programs {
		installed, err := folderSize(filepath.Join(projects[program.name].project, "node_modules"))
		if err != nil {
			return err
		}
		upWall, upPeak := "the plugin is not here", ""
		if program.runs {
			wall, peak := medians(run[program.name])
			upWall, upPeak = fmt.Sprintf("%.2f s", wall.Seconds()), fmt.Sprintf("%.0f MB", float64(peak)/1e6)
		}
		wall, peak := medians(compiled[program.name])
		_, _ = fmt.Fprintf(w, "| %s | %.0f MB | %.2f s | %.0f MB | %s | %s |\n",
			program.name, float64(installed)/1e6, wall.Seconds(), float64(peak)/1e6, upWall, upPeak)
	}
	ours, alone := programs[0].name, programs[1].name
	oursWall, oursPeak := medians(compiled[ours])
	aloneWall, alonePeak := medians(compiled[alone])
	oursUp, oursUpPeak := medians(run[ours])
	aloneUp, aloneUpPeak := medians(run[alone])
	_, _ = fmt.Fprintf(w, "| ratio of the first to the second | | %.2f | %.2f | %.2f | %.2f |\n",
		float64(oursWall)/float64(aloneWall), float64(oursPeak)/float64(alonePeak),
		float64(oursUp)/float64(aloneUp), float64(oursUpPeak)/float64(aloneUpPeak))
	return nil
}

// prepare installs the packages of the program, and makes an empty stack.
func (program typeScriptProgram) prepare(ctx context.Context, dir string, oci *oci) (*plugin, error) {
	p, err := prepare(ctx, dir, tokenStack(oci))
	if err != nil {
		return nil, err
	}
	dependencies := map[string]string{}
	for _, packages := range []map[string]string{typeScriptPackages, program.packages} {
		for name, version := range packages {
			dependencies[name] = version
		}
	}
	manifest, err := json.Marshal(map[string]any{
		"name": "bench", "version": "1.0.0", "private": true, "main": "bin/index.js", "dependencies": dependencies,
	})
	if err != nil {
		return nil, err
	}
	for name, content := range map[string]string{
		"package.json": string(manifest),
		"index.ts":     program.source,
		"tsconfig.json": `{"compilerOptions": {"strict": true, "target": "es2022", "module": "commonjs", ` +
			`"moduleResolution": "node", "outDir": "bin", "skipLibCheck": false, "types": ["node"]}, "files": ["index.ts"]}`,
		// Run the compiled program, because compiling is measured separately.
		"Pulumi.yaml": "name: bench\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: bin/index.js\n",
	} {
		if err := os.WriteFile(filepath.Join(p.project, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--silent")
	install.Dir = p.project
	if _, err := output(install); err != nil {
		return nil, err
	}
	return p, p.pulumi(ctx, nil, "config", "set", "userId", oci.users[0].ID)
}

// measure compiles the program, and runs it if its plugin is available. It leaves the stack empty.
func (program typeScriptProgram) measure(ctx context.Context, p *plugin) (compile, up cost, err error) {
	compile, err = p.cost(ctx, "node", "node_modules/typescript/bin/tsc")
	if err != nil || !program.runs {
		return compile, cost{}, err
	}
	up, err = p.cost(ctx, "pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
	if err != nil {
		return compile, up, err
	}
	return compile, up, p.pulumi(ctx, nil, "destroy", "--yes", "--skip-preview")
}

// cost runs a command in the project and returns its cost.
func (p *plugin) cost(ctx context.Context, name string, args ...string) (cost, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // the arguments are named in this program
	command.Dir, command.Env = p.project, p.env
	began := time.Now()
	_, err := output(command)
	took := time.Since(began)
	if err != nil {
		return cost{}, err
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, fmt.Errorf("this system does not tell what %s used", name)
	}
	return cost{took, usage.Maxrss * 1024}, nil
}

// medians returns the median of the times and the median of the peaks.
func medians(costs []cost) (wall time.Duration, peak int64) {
	walls, peaks := make([]time.Duration, len(costs)), make([]int64, len(costs))
	for i, c := range costs {
		walls[i], peaks[i] = c.wall, c.peak
	}
	slices.Sort(walls)
	slices.Sort(peaks)
	return walls[len(walls)/2], peaks[len(peaks)/2]
}

// folderSize returns the size of all files below a folder, in bytes.
func folderSize(root string) (int64, error) {
	var size int64
	err := filepath.WalkDir(root, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
