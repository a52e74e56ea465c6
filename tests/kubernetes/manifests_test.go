// Package kubernetes reads docs/kubernetes.yaml by the types of Kubernetes. It is a module of its own, so that they are no business of the product's.
package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// read reads every document of a file, and returns what an API server would refuse: fields that are unknown, or there twice, and wrong types.
func read(text string) error {
	var problems []error
	for document := range strings.SplitSeq(text, "\n---\n") {
		content, err := yaml.YAMLToJSONStrict([]byte(document))
		var of metav1.TypeMeta
		if err := errors.Join(err, yaml.Unmarshal([]byte(document), &of)); err != nil {
			return err
		}
		known := map[string]any{
			"apps/v1 Deployment": new(appsv1.Deployment), "v1 Service": new(corev1.Service), "policy/v1 PodDisruptionBudget": new(policyv1.PodDisruptionBudget),
			"networking.k8s.io/v1 NetworkPolicy": new(networkingv1.NetworkPolicy),
		}
		kind := of.APIVersion + " " + of.Kind
		if known[kind] == nil {
			problems = append(problems, fmt.Errorf("%s is not a kind that is known here", kind))
			continue
		}
		strict, err := json.UnmarshalStrict(content, known[kind])
		problems = append(append(problems, strict...), err)
	}
	return errors.Join(problems...)
}

func TestManifests(t *testing.T) {
	file, err := os.ReadFile("../../docs/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"as they are":      {"", "", ""},
		"a misspelt field": {"readOnlyRootFilesystem:", "readOnlyRootFileSystem:", `unknown field "spec\.template\.spec\.containers\[0\]\.securityContext\.readOnlyRootFileSystem"`},
		"a wrong type":     {"terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 60s", "terminationGracePeriodSeconds.* of type int64"},
		"a field twice":    {"  replicas: 2", "  replicas: 2\n  replicas: 2", `key "replicas" already set`},
		"another version":  {"policy/v1", "policy/v1beta1", "PodDisruptionBudget is not a kind"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.from != "" && strings.Count(string(file), c.from) != 1 {
				t.Fatalf("%q is not there once", c.from)
			}
			err := read(strings.Replace(string(file), c.from, c.to, 1))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !regexp.MustCompile(c.want).MatchString(err.Error())) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
