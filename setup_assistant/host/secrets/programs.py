"""Accounts and computers in what git and Kubernetes print: branches, namespaces, pods, nodes.

Each rule is read as those of `prose` are: the words it needs to begin, and what it looks like.
What every cluster has (`kube-system`, the operator of the cards) tells nothing and stays.
"""

from __future__ import annotations

from setup_assistant.host.secrets.matching import regex

_ACCOUNT = r"[a-z][\w.-]{1,40}\w"
# Folders of branches that stand before an account, and those that robots and teams use instead.
_ABOVE = r"(?:(?:refs|heads|remotes|origin|upstream|users?|people)/){0,4}"
_TOPICS = (
    r"(?!(?:refs|heads|remotes|tags|origin|upstream|users?|people|bugfix|chore|wip|deps|dependabot|"
    r"renovate|pre-commit-ci)/)"
)
_BRANCH = rf"{_ABOVE}{_TOPICS}({_ACCOUNT})/(?=\w)(?![\w./-]{{1,80}}\.(?:py|md|toml|json|ya?ml|txt|sh|c|cu|h)\b)"
_OWN = (
    r"(?:kube|nvidia|gpu-operator|gpu-feature-discovery|node-feature-discovery|coredns|calico|cilium|flannel|weave|etcd|"
    r"metrics-server|dcgm|node-exporter|prometheus|grafana|ingress|cert-manager|local-path|istio|default|monitoring|"
    r"tigera|operators|volcano|kueue|argocd?|traefik|rook|longhorn)(?![a-z0-9])"
)
_NAME = rf"(?!{_OWN})[a-z0-9][a-z0-9.-]{{1,100}}[a-z0-9]"
_FLAGS = r"(?:[ ](?:-n|--namespace|-c|--container|-l|-o)[ =][^\s]{1,63}|[ ]-{1,2}[\w=-]{1,40}){0,6}"

ACCOUNTS = (
    (("git ",), rf"\bgit (?:checkout|switch|rebase|merge|push|pull|fetch|branch)\b[^\n|;&]{{0,80}}?[ '\"]{_BRANCH}"),
    (("branch",), rf"\b[Bb]ranch(?:es)?:?[ ]['\"`]?{_BRANCH}|\[new branch\][ ]{{1,12}}{_BRANCH}"),
    (("origin/", "upstream/", "users/", "people/"), rf"(?<![\w/.])(?:remotes/)?(?:origin|upstream|users|people)/{_BRANCH}"),
    (("* ",), rf"(?m)^\* {_BRANCH}[\w./-]{{1,80}}(?:[ \t]{{1,20}}[0-9a-f]{{7,12}} [^\n]{{0,200}})?\r?$"),
    (("pull request", "pathspec", "fatal: '"), rf"\b(?:[Pp]ull request #\d{{1,7}} from |pathspec ['\"]|fatal: '){_BRANCH}"),
    (("namespace",), rf"\b(?:Namespace:[ \t]{{1,20}}|namespaces?[ ]\\?[\"']|--namespace[ =])(?!{_OWN})({_ACCOUNT})"),
    (("kubectl", "helm"), rf"\b(?:kubectl|helm)\b[^\n|;&]{{0,120}}?[ ]-n[ =]?(?!{_OWN})({_ACCOUNT})(?=\s|$)"),
    (("assigned ",), rf"\bassigned (?!{_OWN})({_ACCOUNT})/[a-z0-9]"),
    (("serviceaccount",), rf"\bserviceaccounts?:(?!{_OWN})({_ACCOUNT}):"),
)  # fmt: skip
COMPUTERS = (
    (("pod", "node"), rf"\b(?:pods?|nodes?)(?:/|[ ]\\?[\"'])({_NAME})"),
    (("kubectl",), rf"\bkubectl (?:logs|exec|attach|port-forward|debug|(?:describe|delete|get|top) (?:pods?|nodes?)|drain|cordon|uncordon|taint nodes?|label nodes?){_FLAGS}[ ]({_NAME})(?=\s|$)"),
    (("assigned ",), rf"\bassigned [a-z0-9][a-z0-9-]{{0,62}}/({_NAME}) to ({_NAME})"),
    # A row of `kubectl get pods -o wide`: age, address, node.
    (("running", "pending", "completed", "error", "crash"), rf"[ \t](?:\d{{1,4}}[dhms]){{1,2}}[ \t]{{1,12}}\d{{1,3}}(?:\.\d{{1,3}}){{3}}[ \t]{{1,12}}({_NAME})(?=\s|$)"),
    (("kubelet, ", "kubernetes.io/hostname"), rf"\bkubelet,[ ]{{1,12}}({_NAME})|kubernetes\.io/hostname[\"']?[=: ]{{1,3}}[\"']?({_NAME})"),
)  # fmt: skip
# Objects that are named for what they do, or for somebody.
OBJECTS = (
    (("secret", "deployment", "set", "job", "service", "claim", "configmap"),
     rf"\b(?:secrets?|deployments?(?:\.apps)?|(?:stateful|replica|daemon)sets?(?:\.apps)?|jobs?(?:\.batch)?|services?|configmaps?|persistentvolumeclaims?)(?:/|[ ]\\?[\"'])({_NAME})"),
)  # fmt: skip
_OF_EVERY_CLUSTER = regex(_OWN)


def everybodys(name: str) -> bool:
    """Whether a namespace or pod is one that every cluster has."""
    return _OF_EVERY_CLUSTER.match(name) is not None
