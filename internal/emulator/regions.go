package emulator

import (
	"maps"
	"slices"
	"strings"
)

// regionKeys are some regions of the commercial realm and their keys, from
// https://docs.oracle.com/iaas/Content/General/Concepts/regions.htm.
var regionKeys = map[string]string{
	"ap-tokyo-1":     "NRT",
	"eu-frankfurt-1": "FRA",
	"uk-london-1":    "LHR",
	"us-ashburn-1":   "IAD",
	"us-phoenix-1":   "PHX",
}

func knownRegions() []string { return slices.Sorted(maps.Keys(regionKeys)) }

// home returns the tenancy's home region.
func (s *Service) home() string { return s.config.Regions[0] }

// splitRegion splits a path such as /us-ashburn-1/20160918/users into the region and the rest. Without a region in the path, it is
// the home region.
func (s *Service) splitRegion(path string) (region, rest string) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if slices.Contains(s.config.Regions, first) {
		return first, "/" + rest
	}
	return s.home(), path
}

// regionSubscription is a region that the tenancy subscribes to, as the API returns it.
type regionSubscription struct {
	RegionKey    string `json:"regionKey"`
	RegionName   string `json:"regionName"`
	Status       string `json:"status"`
	IsHomeRegion bool   `json:"isHomeRegion"`
}

func (s *Service) regionSubscriptions() []regionSubscription {
	subscriptions := make([]regionSubscription, len(s.config.Regions))
	for i, region := range s.config.Regions {
		subscriptions[i] = regionSubscription{regionKeys[region], region, "READY", region == s.home()}
	}
	return subscriptions
}

// Regions returns the regions of the service, the home region first.
func (s *Service) Regions() []string { return slices.Clone(s.config.Regions) }
