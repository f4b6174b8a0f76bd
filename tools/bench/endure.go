package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// hardRate is how many requests per second OCI accepts in hard times.
const hardRate = 10

// hardTimes lists the ways in which OCI may misbehave. There is no plugin that does nothing to compare these runs with. They are
// compared with the shortest time that the requests can take.
var hardTimes = []struct {
	name   string
	config emulator.Config
	faults []emulator.Fault
	bound  bool // whether the requests cannot take less time than the rate admits
}{
	{
		name:   fmt.Sprintf("%d requests a second are admitted", hardRate),
		config: emulator.Config{RequestsPerSecond: hardRate},
		bound:  true,
	},
	{
		name: "5 % of answers are 503, 2 % of connections drop after commit",
		faults: []emulator.Fault{
			{Probability: 0.05, Status: 503, Code: "ServiceUnavailable", Message: "Later."},
			{Probability: 0.02, Drop: emulator.DropAfterCommit},
		},
	},
}

// endureAll creates the tokens in each of the hard times, and prints the results.
func endureAll(ctx context.Context, dir string, hardTokens int, w io.Writer) error {
	_, _ = fmt.Fprintf(w, "\n| %d tokens for %d users by one `pulumi up`, while | took | at best | ratio | requests | tokens | values that work |\n"+
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n", hardTokens, hardTokens/2)
	for i, hard := range hardTimes {
		fmt.Fprintln(os.Stderr, "measuring:", hard.name)
		took, oci, working, err := endure(ctx, filepath.Join(dir, fmt.Sprintf("hard%d", i)), hardTokens, hard.config, hard.faults)
		if err != nil {
			return fmt.Errorf("while %s: %w", hard.name, err)
		}
		best, ratio := "", ""
		if hard.bound {
			ideal := time.Duration(hardTokens) * time.Second / hardRate
			best, ratio = ideal.String(), fmt.Sprintf("%.2f", float64(took)/float64(ideal))
		}
		tokens := 0
		for _, user := range oci.users {
			tokens += len(oci.service.Tokens(user.ID))
		}
		_, _ = fmt.Fprintf(w, "| %s | %.1f s | %s | %s | %d | %d | %d |\n",
			hard.name, took.Seconds(), best, ratio, len(oci.service.Journal()), tokens, working)
	}
	return nil
}

// endure creates the tokens, and counts the values in the state that OCI would accept. A failed "pulumi up" is an error.
func endure(
	ctx context.Context, dir string, hardTokens int, config emulator.Config, faults []emulator.Fault,
) (took time.Duration, at *oci, working int, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, nil, 0, err
	}
	at, err = startOCI(dir, hardTokens, config)
	if err != nil {
		return 0, nil, 0, err
	}
	defer at.Close()
	at.service.Inject(faults...)
	p, err := prepare(ctx, dir, tokenStack(at))
	if err != nil {
		return 0, nil, 0, err
	}
	began := time.Now()
	if err := p.pulumi(ctx, nil, "up", "--yes", "--skip-preview"); err != nil {
		return 0, nil, 0, err
	}
	took = time.Since(began)
	working, err = p.countWorking(ctx, at)
	return took, at, working, err
}

// countWorking counts the tokens in the state whose value OCI would accept from their user.
func (p *plugin) countWorking(ctx context.Context, at *oci) (int, error) {
	command := exec.CommandContext(ctx, "pulumi", "stack", "export", "--show-secrets")
	command.Dir, command.Env = p.project, p.env
	exported, err := output(command)
	if err != nil {
		return 0, err
	}
	var state struct {
		Deployment struct {
			Resources []struct {
				Outputs struct {
					UserID string `json:"userId"`
					Token  struct {
						Plaintext string `json:"plaintext"`
					} `json:"token"`
				} `json:"outputs"`
			} `json:"resources"`
		} `json:"deployment"`
	}
	if err := json.Unmarshal([]byte(exported), &state); err != nil {
		return 0, err
	}
	working := 0
	for _, resource := range state.Deployment.Resources {
		var value string
		if json.Unmarshal([]byte(resource.Outputs.Token.Plaintext), &value) == nil &&
			at.service.Authenticate(resource.Outputs.UserID, value) {
			working++
		}
	}
	return working, nil
}
