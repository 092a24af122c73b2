"""What git, Kubernetes, `ls -n` and German sentences tell of accounts and computers."""

from __future__ import annotations

SECRETS: tuple[tuple[str, ...], ...] = ()
IDENTITIES: tuple[tuple[str, ...], ...] = (
    # Branches.
    ("* hkobayashi/video-fps", "hkobayashi"),
    ("git checkout -b mferrari/try-int4", "mferrari"),
    (" * [new branch]      pdelacroix/wip -> origin/pdelacroix/wip", "pdelacroix"),
    ("Your branch is up to date with 'origin/asmirnov/fix-rope'.", "asmirnov"),
    ("users/bdiaz/main", "bdiaz"),
    ("Merge pull request #41 from lkruger/patch-1", "lkruger"),
    ("error: pathspec 'jmbodar/fix' did not match any file(s) known to git", "jmbodar"),
    ("On branch evogt/cuda12", "evogt"),
    ("fatal: 'tekman/main' is already checked out at '/usr/src/x'", "tekman"),
    # Pods, namespaces and nodes.
    ('pod "qwen-serve-5d4f8b7c9-x2x7k" deleted', "qwen-serve", "x2x7k"),
    ("kubectl logs -n team-berger qwen-worker-66c7b9d8f-kkq2p", "berger", "qwen-worker"),
    ("Namespace:        prof-tanaka-lab", "tanaka"),
    ("Successfully assigned ml-zhou/qwen-0 to gke-a100-pool-1-3f2a", "zhou", "qwen-0", "gke-a100"),
    ("NAMESPACE     NAME         READY   STATUS    RESTARTS   AGE\nvision-okoro  qwen2vl-6b   0/1     Running   7          1h\n", "okoro", "qwen2vl-6b"),
    ("qwen-7b-0  1/1  Running  0  3d  10.42.1.9  gpuworker-b4", "gpuworker"),
    ("kubectl drain metal-gpu-07 --ignore-daemonsets", "metal-gpu"),
    ("node/rigel-gpu cordoned", "rigel-gpu"),
    ("  Normal  Pulled  2m  kubelet, rigel-gpu  Container image already present", "rigel"),
    ("nodeSelector: kubernetes.io/hostname: rigel-gpu", "rigel"),
    ('Error: secret "hf-token-mkowal" not found', "mkowal"),
    ("serviceaccount:grp-ilves:robot is forbidden", "ilves"),
    # Accounts by their numbers.
    ("drwxr-x--- 3 20417 30417 4096 Mar  3 10:12 qwen", "20417", "30417"),
    ("uid=20417 gid=30000 groups=30000", "20417", "30000"),
    ("chown 10583:10583 /usr/share/models", "10583"),
    ("groups=3007(tom),27(sudo),3100(imaging)", "3007", "3100"),
    ("session opened for user root(uid=0) by bolvar(uid=1004)", "bolvar", "1004"),
    ("jperezo ALL=(ALL) NOPASSWD: ALL", "jperezo"),
    ("MACAddress=02420ac8a002", "02420ac8a002"),
    ("docker run --user 1013:1013 img", "1013"),
    ("cannot open /run/user/10583/bus", "10583"),
    ("id: ‘48211’: no such user", "48211"),
    ("securityContext:\n  runAsUser: 48211", "48211"),
    ("user-48211.slice: Failed to start", "48211"),
    # Whom one asks and whom one is in the way of; where one goes in German.
    ("kicked yuto off the machine", "yuto"),
    ("switch user to akbar first", "akbar"),
    ("ssh'd to hopper-2, same error", "hopper-2"),
    ("Ich habe mich auf brunhild angemeldet", "brunhild"),
    ("Der Treiber auf wotan3 ist zu alt", "wotan3"),
    ("auf brunhild und hagenau versucht", "brunhild", "hagenau"),
    ("von walhalla nach asgard kopiert", "walhalla", "asgard"),
    ("Der Benutzer mhuber hat keine Rechte", "mhuber"),
    ("auf dem Rechner von Annegret Pohlmann", "Annegret", "Pohlmann"),
    # Said in one breath, and what is left of a name of many parts.
    ("用户名zhangwl,麻烦帮忙看一下", "zhangwl"),
    ("connect to fd12:3456:789a::42 port 22: No route to host", "3456", "789a"),
    ("Last login: Tue Mar 12 08:01:44 2026 from thinkpad-nb.fritz.box", "thinkpad", "fritz"),
)  # fmt: skip
INNOCENT = (
    "* main", "* docs/index.md", "git checkout -b feature/video-fps", "On branch fix/cuda12",
    " * [new branch]      release/4.49 -> origin/release/4.49", "  remotes/origin/HEAD -> origin/main",
    "git merge dependabot/pip/pillow", "git checkout main -- tests/data.json",
    "Namespace:        kube-system", "kubectl get pods -n gpu-operator",
    'pods "nvidia-device-plugin-daemonset-x7k2q" is running', "Error from server: pods is forbidden",
    "NAMESPACE    NAME                     READY   STATUS   RESTARTS   AGE\nkube-system  coredns-5d78c9869d-abcde  1/1    Running  0          3d\n",
    "-rw-r--r-- 1 root root 20417 Mar  3 10:12 config.json", "uid=0 gid=0 groups=0",
    "docker run --user 1000:1000 img", "user 4 of 4096 tokens", "process 4412 is using 10583 MiB",
    "Der Treiber auf dem Server ist zu alt", "läuft auf Windows nicht", "auf neuen Karten", "von der Platte nach RAM kopiert", "curl -fsSL https://ollama.com/install.sh",
    "Der Benutzer hat keine Rechte", "Habe es auf beiden versucht", "warten auf Antwort",
    "用户没有权限访问 /usr/local/cuda", "restarted docker and asked again",
)  # fmt: skip
