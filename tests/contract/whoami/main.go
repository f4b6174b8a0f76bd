// Command whoami signs in with OCI's Go SDK and asks for the tokens of a user: whoami ENDPOINT USER [PROFILE]. The local OCI
// Identity at the endpoint records who asked.
//
// The SDK does not look for the home directory in $HOME. The test builds this command with a copy of the SDK that does.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"
)

func main() {
	if err := ask(os.Args[1:]); err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintln(os.Stderr, "Go SDK:", line)
		os.Exit(1)
	}
}

func ask(args []string) error {
	config := common.DefaultConfigProvider()
	if len(args) > 2 {
		config = common.CustomProfileConfigProvider("", args[2])
	}
	client, err := identity.NewIdentityClientWithConfigurationProvider(config)
	if err != nil {
		return err
	}
	client.Host = args[0]
	never := common.NoRetryPolicy()
	_, err = client.ListAuthTokens(context.Background(), identity.ListAuthTokensRequest{
		UserId: &args[1], RequestMetadata: common.RequestMetadata{RetryPolicy: &never},
	})
	return err
}
