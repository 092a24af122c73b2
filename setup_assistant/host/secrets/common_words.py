"""Words that name neither a person nor a computer, by their stems.

The frequent words of English (SCOWL 2020.12.07, sizes 10 and 20, http://wordlist.aspell.net), the
words of this tool's own texts and those of the field: systems, programs, makers, days, countries.
Computers are named after gods, planets and beasts: none of these is here. 2026-12-01.
"""

from __future__ import annotations

STEMS = """
aarch aardvark abandon abbreviate abbreviation abc abcmeta abi abide ability able abnormal abolish
abolition abort abortion about above abroad abs absence absent absolute absorb abstract abstraction
abstractset absurd abt abuse abusive abysmal academic accelerate accelerator acceleratorstate accent
accept acceptance access accessdenied accessible accident accidental accommodate accommodation
accompany accomplish accord accordance accordingly account accountant accumulate accuracy accurate
accusations accuse accustom ace achieve achievements acid acknowledge acorn acoustic acquaintance
acquire acquisition acronym across act action activate activations active activity actor actual
acute ada adafactor adaloramodel adamssconfig adamssmodel adamw adapt adaptation adapterram add
addict addictive addition additional address adequate adhere adjacent adjective adjust adjustments
admin administer administration administrative administrator admirable admire admission admit
admittedly adobe adopt adoption adult advance advantage advantageous advent adventure adventurous
adverse advert advertise advertisements advice advisable advise advisor advisory advocate aerial
aesthetic aesthetically afaik afar affair affect affection affinity afford aforementioned afraid
afresh africa african after afternoon afterward again against age aged agency agenda agent aggregate
aggressive aging ago agony agree agreements agricultural agx ahead aid ailed aim aiohttp air
aircraft airport akin akmod alarm alas albeit album alcohol alcoholic alert algebra algebraic
algorithm alias alibaba alicloud alien align aligndeviceshook alike alive aliyun all allegations
allege allegedly allergic alleviate alliance allocate allocation allocator allow allowance
allowusers alltruejudge ally alma almalinux almost alone along alongside aloud alpha alphabet
alphabetic alphabetical alpine already also alt alteration altered altering alternate alternative
although altogether always amateur amaze amazingly amazon ambassador amber ambient ambiguity
ambiguous ambitious amd amend america american among amount amp ampere ample amplifier amuse
anaconda anagram analog analogous analogue analogy analyses analysis analyst analyze anarchy anatomy
ancdata ancestor anchors ancient and android anecdote anew angel anger angle angry anguish animal
anniversary annotate annotations announce announcements annoy annoyance annual anomaly anonymous
anorak another ansible answer anthology anthropic antialias anticipate anticipation antidote antique
antisocial anxious any anybody anyhow anymore anyof anyone anyplace anything anyway anywhere
aorecipekwargs apache apart apathetic apathy apex api apologize apology apostrophe app appall
appallingly apparatus apparent apparmor appdata appeal appear appearance append appendix applause
apple applicable applicant application applied applies applying appoint appointments apport
appraisal appreciate appreciation approach appropriate approval approve approximate approximation
apptainer apr april apt aptitude arabic arbitrarily arbitrary arc arcade arcane arch archaic
architecture archive arduino are area aren arena argparse args arguable arguably argue argument argv
arise arisen arithmetic arm army arose around arrange arrangements array arrest arrival arrive
arrogance arrogant arrow arrowconfig art article artifacts artificial artist artistic ascend ascent
ascii asdict ash ashamed ashcan asia asian aside asimd ask asleep aspect aspeed aspm ass assault
assemble assembly assert assertion assertionerror assess asset assign assignments assist assistance
assistant assoc associate association assort assume assumption assure asterisk astray astronomer
astronomy asus async asynchronous asyncio ataset ate aten atheism atheist athlon ation atmosphere
atmospheric atom atomic atrocity ats attach attachments attack attain attempt attend attendance
attendant attention attitude attn attorney attr attract attraction attractive attribute
attributeerror audible audience audio aug august aunt auth authentic authenticated authentication
author authority authorize auto autoawq autocastkwargs autodl automated automates automatic
automatically automating automobiles autumn auxcurrent avail availability average avoid avx await
awake award aware away awful awkward awq aws awx axes axiom axis axolotl azure baby back backbone
backbonemixin backend background backlog backport backslash backspace backtrace backup backward
bacteria bacterium bad badge badtlp baffle bag baggage baidu bailing bake balance ball ballet ballot
ban banal bananas band bandwagon bandwidth bang bank bankrupt bar bare baremetal bargain bark
baroque barrel barrier barrister base basebinaryjudge baseexception basejudge baserankjudge bash
basic basically basis basket bass bastard bat batch batchmode bath bathroom battery battle baud bay
bazel bbx bcoconfig bcotrainer bdloraconfig beach beam beambasedbuilder beamscorer beamsearchscorer
bean bear beard beast beat beaten beautiful beauty became because become bed bedroom beef been beer
before beforehand beftconfig beftmodel beg began begin begun behalf behave behavior behind beijing
being belief believable believe bell belong beloved below belt bench benchmark bend beneath
beneficial benefit bent berlin beside best bet beta between beware beyond bfloat bfsu bias bible
biblical bicycle bid big biggest bigot bigotry bill billfold billion bin binary binaryio binascii
bind binutils biochemistry biography biological biologist biology bionic bios bird birth birthday
biscuit bisect bishop bit bitbucket bite bitmap bitsandbytes bitten bizarre blac black blackboard
blacklist blackmail blackwell blade blame blank blanket blas blast blatant bless blew blind blink
bliss blk blob block blockingioerror blockwise blog blood bloody blow blown blue bluetooth blurb bmp
bnb board boat bobs body boftconfig boftmodel bog boggle bogus boil bold bolt bom bomb bond bone
boneconfig bonemodel bonus book booklet bookshop bookstore bookworm bool boolean boom boost boot
bootloader bootstrap border borderline bore boredom born borne borrow boss both bothered bothering
bottle bottom bought bounce bound boundary bout bow bowl box boy braces bracket brain brake branch
brand brass brave brazil breach bread breadth break breakdown breakfast breath breathe bred breed
breeze brethren brew brick bridge brief brigade bright brightest brilliant bring british broad
broadcast broadcom broke broken brokenpipeerror brother brought brown browse brush brutal btw bubble
buck bucket budget buffer bug build buildah buildings buildx built bulb bulk bull bullet bulletin
bullseye bump bunch bundle burden bureaucracy burn burnt burst bury bus bush business busmaster bust
busy but button buy bye bypass byte bytearray bytecode bytedance cabbage cabinet cable cache
cachingallocator cachyos caffe caffeine cafile cage cake calculate calculation calculator calculus
calendar call callback callbackbase calm cam came camera camp campaign campus can canada canary
canarystep cancel cancer candidate cannot canonical cant cap capability capacity capital capitalism
capitalist captain captive capture car carbon card cardboard care careful careless cargo carpet
carriage carriedpython carrier carrot carry cartoon cartridge cartridgeconfig cartridgeencoder case
cash cassette cast casterror castle casual cat catalog catalogue catastrophic catch categorically
category catered catering cathedral catholic cattle caught causal causality causallm cause causefile
caution cave caveat cbu cdi cease ceiling celebrate celebration celery cell cellular censor
censorship cent centered centering centos central centre century ceph ceremony cert certain
certainty certifi certificate cextension cffi cgi cgroup cgroupplugin chage chain chair chairman
chalk challenge chamber champagne champion chance chancellor change changelog changeover channel
chaos chaotic chap chapel chapter char character characteristic charge charitable charity charm
charset chart chase chassis chat chatbot chatglm chatinterface chdir cheap cheapest cheat check
checkline checkout checkpoint checkpointerror checksum cheek cheer cheerful cheese chemical chemist
chemistry chess chest chestnut chew chicken chief child childhood childish children china chinese
chip chmod chocolate choice choir choose chop choral chord chorus chose chosen chown chr christmas
chrome chromium chrootdirectory chsh chuck chunk church cider cigarette cinema ciphers circa circle
circuit circuitry circular circulate circulation circumstance cisco cite citizen city civil civilian
civilize claim clang clarification clarify clarity clash class classcode classic classical
classification classify clause clean cleanest clear clearance clearest clearsigned clever cleverest
cli click client cliff climate climb clinic clinical clip clique cliqueid clock clog clone close
closest closet closure cloth clothe cloud cloudflare cls club clue clumsy clush cluster clusteruuid
cmake cmakelists cmd cmp coach coal coarse coast coat cobbler code codec codegen codename coffee
cohere coherent coin coincide coincidence coke colab cold collaboration collapse collar collate
collator colleague collect collection collective collector college collide colon colony color
colorama coloured colours column com comando combat combinations combine come comedy comfort
comfortably comfyui comic comma command commandast commande commandline commandments commence
commentary commentator commented commenting comments commercial commission commit commitments
committee commodity common communal communicate communication communicator communism communist
community como compact companion company comparable comparative compare comparison compassion compat
compatibility compatible compel compensate compensation compete competence competent competition
competitive competitor compile compileall complacent complain complaint complement complementary
complete completion completionitem complex complexity compliance complicate complication compliment
comply component compose composite composition compound comprehend comprehensible comprehension
comprehensive compress compression compressor comprise compromise compulsion compulsory
computational compute computemode computerize con concatenate conceal concede conceivable
conceivably conceive concentrate concentration concept conception conceptual concern concert
concerto concise conclude conclusion concrete concur concurrent conda condaerror condahttperror
condamemoryerror condarc condasslerror condavalueerror condemn condemnation condense condition
conditional condom condone conduct conductor conf conference confess confidence confident
confidential confidentiality config configparser configurations configure confine confirm
confirmation conflict conform confront confuse confusion congest congestion congratulate
congratulations conjecture conjunction connect connection connectionerror connectionpool
connectivity connector connecttimeout connotation conscience conscious consecutive consensus consent
consequence consequent conservation conservative consider considerably considerate consideration
consist consistency consistent console conspicuous conspiracy const constant constituency
constituent constitute constitution constitutional constrain constraint construct construction
constructive consult consultancy consultant consultation consume consumption contact contain
containerd contemplate contemporary contempt contend content contention contentious contest context
contextlib contextmanager contextvar contiguous continent continental continual continuations
continue continuity continuous continuum contour contraception contract contradict contradiction
contradictory contrary contrast contravention contrib contribute contribution contributor contrive
control controlmaster controlpath controlpersist controversial controversy convenience convenient
convention conventional conversational conversations converse conversion convert convey convict
conviction convince convincingly cook cookie cool cooperate cooperation coordinate coordination cope
copilot copper copy copyright core coreweave corn coroutine corp corporate corporation corpse
correct correction correlate correlation correrr correspond correspondence correspondent corridor
corrupt corruption cos cosmic cosmology cost cotton cough could couldn council counsel count
counterexample counterpart countless country countryside county couple courage courier course court
courtesy cousin cover coverage cow cozy cpoconfig cpotrainer cpp cprocs cptconfig cptembedding cpu
cpython crack craft cramp crap crash crass crawl crazy crb crc cream create creation creative
creator creature credential credibility credible credit creed creep crew cried cries crime criminal
crisis crisp criteria criterion critic critical criticism criticize crlf cron cronjob crop cross
crossroad crossword crowd crown crucial crude cruel cruelty cruise crun crunch crush crutches cry
crypt cryptic cryptography crystal csh csi csrc csv ctrl ctx ctypes cube cubic cublas cublasgemmex
cuckoo cuda cudaerrorunknown cudamalloc cudamallocasync cudart cudatoolkit cuddly cudnn cudss cue
cufft cufile cuinit culprit cult cultural culture cumbersome cumming cums cumulative cunning cup
cupboard cupy curand cure curesult curiosity curious curl curly currency current currentuser
curriculum curry curse cursor curtain curve cusolver cusparse cusparselt custard custom customary
customdtype cut cute cutlassf cwd cxb cxbt cxxabi cycle cyclist cyclonedx cygwin cylinder cynic
cynical daemon daft daily damage damagederror damn damnation damp dance danger dangerous dare dark
darling dash dashscope dask data database databricks datacenter dataclass dataloader dataset date
datetime datum daughter dawn day daylight daytime dbus ddp deactivate deactivation dead deadline
deadsnakes deaf deal dealt dear death debatable debate debian debt debug dec decade decay december
decent decide decimal decision decisive deck declarations declare decline decode decoderlayer
decoderrow decorate decorator decord decorderror decrease dedicate dedizierter deduce deduction deed
deem deep deepest deepseek deepspeed deepstack def default defaultdict defeat defect defective
defend defense defensive deferred deficiency define definite definition definitive deflate
deftconfig deftmodel defy degenerate degrade degree deity delay delegate delete deletion deliberate
delicate delicious delight delightful delimiter deliver delivery dell deloraconfig deloramodel delta
delusion demand demented demise demo democracy democratic democratically demolish demonstrate
demonstration denominator denote dense densecompressor density dentist deny departed department
departmental departure depend dependence dependency dependent dependson deploy deposit deprecate
depress depression deprive depth deputy dequantize deque derange derivative derive derogatory desc
descend describe description descriptive descriptors deserialize desert deserve design designate
desirable desire desk desktop despair desperate despise despite dest destine destroy destruction
destructive detach detail detect detection detective detector deter determine deterrent detract
devastate devcontainer devel develop developments deviation device devicemesh devicequery devil
devious devise devoid devote devsel devtoolset dgx diagnose diagnosis diagnostic diagonal diagram
dial dialect dialings dialog dialogue diameter diary dice dict dictate dictator dictatorship
dictionary did die died diesel diet diff differed difference different differential differentiate
differing difficult difficulty difflib diffusers dig digest digit digital digitalocean dignity
dilemma dill dim dimension dimensional dine dinner dip diplomatic dir dire direct direction
directive director directory directx dirname dirt dirty disable disadvantage disagree disappear
disappoint disaster disastrous disc discard discharge disciplinary discipline disclaimer disco
disconnect discontinue discord discount discourage discover discovery discrepancy discrete
discretion discriminate discrimination discuss discussion disease disguise disgust dish dishonest
disk diskcache diskfree dislike dismal dismiss disorder disp dispatch display disposable disposal
dispose disposition dispute disregard disrupt disruption dissertation dissimilar dist distance
distant distasteful distinct distinction distinctive distinguish distnetworkerror distort distortion
distract distress distribute distribution district distro distrust diststoreerror disturb
disturbance distutils ditch ditto div dive divergent diverse diversion diversity divert divide
divine divisible division divorce django dkms dll dlopen dmesg dnf dns docker dockerfile docs
docstring doctor doctrine doctype document documentary documentation dodge doe doesn dog dogma doing
dole dollar domain domestic dominant dominate don donate donations done doom door dora dos dose dot
dotenv double doubt doubtful doubtless down downgrade downhill download downloadconfig
downloadmanager downloadmode downright downstairs downwards dozen dpkg dpo dpoconfig dpotrainer
draft drag drain dram drama dramatic dramatically dramencryption drank drastic drastically draw
drawback drawings drawn dread dreadful dream dreary dress drew dried dries drift drill drink drip
drive drivel driven driverversion drm drop dropout drove drown drug drum drunk drunken dry dscale
dsel dsh dtd dtensor dtype dual dubious duck due duff dug dull duly dumb dummy dump dumpster
duplicate duplication durable duration during dust dustbin dusty dutch duty dxcore dxdiag dying
dynamic dynamically dynamiccache dynamo dynamobackend each eager ear earlier earliest earn earth
ease easier easiest easily east eastern easy easydict eat eaten ebpf ecc eccentric ecdsa echo
ecological ecology economic economical economy edge edit edition editor editorial edpp educate
education educational eetq effect effective efficiency efficient effort egg egl egm ego eight
eighteen eighth einops either elaborate elapsed elastic elasticsearch elderly elect election
electoral electorate electric electrical electricity electron electronic electronically elegant
element elementary elephant elevated elevator eleven elf eligible eliminate elite elitist ellipsis
else elsewhere email emailmessage embarrass embed embeddings emerge emergency eminent emit emotion
emotional emphasis emphasize empire empirical employ employee empty emulate emulation emulator
enable enc enclose encode encodings encontrado encounter encourage encrypted encryption end endeavor
endeavouros endings endless endpoint enemy energy enforce engage engine enginecore enginedeaderror
engineered engineering england english enhance enjoy enlarge enlighten enormous enough enrol enroll
enroot ensure ensurepip entail enter enterprise entertain enthusiasm enthusiastic entire entirety
entitle entity entrance entry entrynotfound entrypoint entweder enum enumerate env envelope environ
environmental environments environmentstep envisage envy eof epel epic epilog epilogue episode epoch
epsilon epyc equal equality equate equation equilibrium equip equivalent era erase ergo ericsson err
errno erro erroneous error errorcode errorkind esac escalation escape esoteric especially essay
essence essential establish establishments estate estimate estimation esxi etag etc eternal eternity
ethernet ethic ethical ethnic etymology europe european evaconfig eval evaluate evaluation even
evenings event eventual ever every everybody everyday everyone everything everywhere evidence
evident evil evolution evolutionary evolve exact exaggerate exam examine example exceed exceedingly
excel excellent except exception exceptional excerpts excess excessive exchange excite exclamation
exclude exclusion exclusive excuse exe exec executable execute execution executive execve exempt
exercise exfat exhaust exhaustive exhibit exhibition exist existence existent exit exitcode
exitstack exllama exotic expand expansion expect expectation expedition expenditure expense
expensive experience experiment experimental experimentation expert expertise expire expiry explain
explanation explanatory explicit explode exploit exploitation explore explosion explosive exponent
exponential export expose exposure express expression expressway ext extant extend extension
extensive extent external extinction extra extract extraction extractor extraneous extraordinarily
extraordinary extreme extremist exttag eye eyesight fabric face facebook facilitate facility fact
factor factory factual faculty fail fail2ban failure faint faintest fair fairest fairscale fairy
faiss faith faithful fake fakeroot fall fallacious fallacy fallback fallen falsch false fame
familiar familiarity family famine famous fan fancy fantastic fantasy faq far farce fare farewell
farm farther farthest fascinate fascist fashion fast fastapi fastest fastfetch fat fatal fate father
fatuous faucet fault faulthandler faulty favor favorite fax fbc fbgemm fcntl fear feasibility
feasible feat feature feb february fed federal fedora fee feeble feed feedback feel feelings feet
fell fellow felt female feminist fence fender festival fetch fever few fewest fff ffmpeg ffprobe
fiber fichier fiction fictional fiddle field fierce fifteen fifth fifty figcaption fight figure file
fileerror fileexistserror fileformaterror filehandler filelock filename fileobj filepath fileserver
filesreport filesum filesystem fill fillvalue film filter filthy final finalize finance financial
find findings findstr fine finest finetune finger fingerprint finish finite fire firefox firewall
firework firm firmware first firstbranch fiscal fish fit fitz five fix fixme fixture fizzy flag
flame flap flash flashattention flashinfer flask flat flavor flaw flax fleet flesh flew flex
flexibility flexible flied flies flight flip float flock flood floor floppy flour flow flown
fluctuation fluent fluffy fluid flush flute fly fmt fnmatch fnmatchcase foam focal focus fog fold
foldersource folk follow fond font food fool foolish foot football footnote for forbade forbid
forbidden forcausallm force forcibly forecast foreign foresee foreseen forest foretold forever
forgave forge forget forgivable forgive forgiven forgot forgotten fork form formal format formation
formerly formula formulae formulation forth forthcoming fortnight fortran fortunate fortune forty
forum forward fossil fought foul found foundation fountain four fourierftconfig fourierftmodel
fourteen fourth fps fraction fragile fragment frame frametype framework france frank frantic fraud
freak free freedom freemem freeway freeze french frequency frequent fresh fri friction friday friend
friendship frighten fringe frivolous frodconfig frodmodel frog from front frontend frown froze
frozen frozenset frpc fru fruit fruitless frustrate frustration fry fsdp fsp fsspec fsutil ftyp
fudge fuel fujitsu fulfil fulfill full fullest fully fume fun func function functional functionality
functools fund fundamental fundamentalist funeral funnier funniest funny fur furniture furry further
furthermore furthest fuse fusion fuss fussy futile future fuzzy fwd gain galactic galaxy gallery
game gamma gang gap garage garbage garble garden gas gasoline gasp gate gatedrepoerror gateway
gather gave gay gbk gcc gdm gdown gear geforce gefunden gemini gemm gemma gemvfast gen gencode
gender gene general generalizations generalize generate generation generationconfig generationmixin
generator generic generous genetic genetically genius genocide genre gentle gentleman gentlemen
gently gentoo genuine geographical geography geology geometric geometry german germany gesture get
getaddrinfo getargspec getattr getenv geteuid getpass getprototype getproxies gettext ggjt ggml gguf
ghastly ghcr ghost ghz giant gib gibberish gids gif gift gig giga gigabytes gin girl girlfriend git
gitblob gitea github gitlab gitpython give given gkdconfig gkdtrainer glad glance glass glean glibc
glibcxx glm glob global gloo gloraconfig gloramodel glorious glory glossy glove glow glue gnome gnu
gnupg gnutls goal goat god goes going gold golden goldfish golf gom gone good goodbye goody google
gorgeous gospel gossip got gotten govern governments governor gown gpg gptq gptqloralinear gptqmodel
gpu gpufile gpuline gpustat grab grace grad grade gradient gradio gradscaler gradual graduate
graduation grafana graffiti graffito grain graloraconfig graloramodel grammar grammatical grand
grandchild grandfather grandmother grant graph graphic graphical grasp grass grateful gratuitous
grave gravitational gravity gray greasy great greatest greed greedy green greet greetings grep gres
grew grid grief grim grind grip groan gross ground group groupby grow grown growth grp grpo
grpoconfig grpotrainer grub grubby gsp gtx guarantee guard guess guest guid guidance guide guideline
guilt guilty guinea guitar gulf gullible gum gun gunicorn gut guy gzip habit hack had hadolint
hadoop hail hair haircut hairy half halfway hall halt halve ham hand handbook handful handicap
handle handshake handy hang hangover hangzhou happen happier happiest happily happiness happy hard
hardback harden hardest hardship hardware hardy harm harmful harmless harmony harsh has hasattr hash
hashicorp hashlib haskell hassle hasten hasty hat hate hatred have havoc hay hazard hazy head
headache headertoolarge headertoosmall headings headless headline headroom healed health healthy
heap hear heard hearsay heart heartily heat heaven heavier heaviest heavily heavy heed heel heic
height held helicopter hell hello helm helmet help helpdesk helpful helpless hence henceforth her
herd here hereby heresy heritage hero heroic heroin herrings herself hes hesitate heterogeneous
heterosexual hetzner hex hexadecimal hey hfapi hffolder hfpairwisejudge hfquantizer hid hidden hide
hideous hierarchical hierarchy high highest highlight highway hilarious hill him himself hindi
hindsight hint hip hipblas hiraconfig hiramodel hire his histogram historian historic historical
history hit hitachi hitherto hklm hmac hmm hobby hog hold hole holiday hollow holy home homebrew
homosexual homosexuality honest honesty honey honor honorary honours hook hope hopeful hopeless
hopper horde horizon horizontal horn horrendous horrible horribly horrid horrific horrify horror
horse hospital host hostfs hostile hostkeyalias hostname hostnamectl hostvars hot hotel hotfix hour
house household how however howto hpc hpe hqq hraconfig hramodel html htmlparser http httperror
httpx huawei huaweicloud hub huge hugging huggingface huggingfacehub huh hum human humane humanity
humble humbly humor humorous hundred hundredth hung hungry hunt hurry hurt husband hut hwinfo hybrid
hybridcache hydrogen hyperv hypervisor hyphen hypocrisy hypocrite hypocritical hypothesis
hypothetical hysterical ibm ibmnpu ibstat ice icon ide idea ideal idealistic idefics idempotent
identical identification identifier identify identity identityfile ideological ideology idia idiom
idiosyncratic idiot idiotic idle idna ids idx ignorance ignorant ignore igpu igx ill illegal
illiterate illogical illumos illusion illustrate illustration image imageio imaginary imaginative
imagine imbalance imed imeout img imho immature immediate immense imminent immoral immortal immune
imp impact impair impend imperative imperfect imperial impersonal impimporter implausible implement
implementation implication implicit implied implies implying import importance important importerror
importlib importnames impose impossible impractical impress impression impressive imprison
improbable improperly improve improvements impulse inability inaccessible inaccuracy inaccurate
inadequate inadvertently inane inappropriate inbound inc incapable incarnation incentive inch
incidence incident incidental incline include inclusion inclusive incoherent income incompatibility
incompatible incompetence incompetent incomplete incompleteread incomprehensible inconsistency
inconsistent inconvenience inconvenient incorporate incorrect increase increasingly incredible
incredibly increment incur indeed indefensible indefinite indent indentation independence
independent indeterminate index indexerror indexkernel india indian indicate indication indicative
indicator indices indictment indirect indirection indistinguishable individual induce induction
inductor indulge industrial industry ineffective inefficiency inefficient inequality inertia
inevitable inevitably inexperienced inf infallible infamous infant infantile infect infection
infelicity inference inferior inferiority inferred infiniband infinite infinity inflate inflation
inflexible inflict inflight influence influential info inform informal information informative
inforom infrastructure infrequent infringement ing ingenious ingredient inhabit inhabitant inherent
inherit inheritance inhibit inhibition ini init initial initiali initialize initiate initiative
initramfs initscripts inject injection injure injury injustice ink inline inner innermost innocence
innocent innovation innovative inode input inquire inquiry inrelease insane insect insecure
insensitive insert insertion inside insidious insight insignificant insist insistence insofar
inspect inspection inspire install installation instance instant instantaneous instantiate instead
instinct institute institution instruct instruction instrument instrumental insufficient insult
insurance int intact intake integer integral integrate integration integrity intel intellect
intellectual intelligence intelligent intend intense intensity intensive intent intention
intentional intenum interact interaction interactive intercourse interest interestingly interface
interfere interference interim interior intermediate intermittent internal international internet
internlm internvl interpolation interpret interpretation interrogate interrupt interruption
intersection interval intervene intervention interview intimate intliketype into intolerance
intrinsic intrinsically introduce introduction introductory inttuple intuitive intune invade invalid
invalidate invaliddataerror invalidheader invalidmatchspec invalidproxyurl invalidspecerror
invalidspecifier invalidurl invalidversion invaluable invariably invasion invent invention inventor
inventory inverse invert invest investigate investigation invisible invite invocation invoke involve
inxi ion ios ipaddress ipc ipex iptables ipv ipykernel ipython irate iron ironic irony irq
irrational irrelevant irrespective irresponsible irritate irritation isinstance island islice isn
iso isolate isolation issue ist italian italy item iter iteration iterator itertools its itself jack
jacket jail jam jammy january japan japanese jargon java javascript jax jazz jealous jeans jelly
jenkins jerk jessie jest jet jetpack jetson jinja jit job jobid join joint joke jolly journal
journalctl journalist journey joy jpe jpeg jpg json jsondecodeerror jsonfile judge judgment juice
jul july jump junction june jungle junior juniper junk jupyter jupyterhub jupyterlab jury just
justice justifiable justifiably justification justify juvenile kaggle kali kasaconfig keen keep
keepends ken kepler kept keras kernel kernelspace kettle kexalgorithms key keybindings keyboard
keyerror keygen keyring keyserver keystroke keyword kib kick kid kidnap kidney kill kilo kin kind
king kingdom kiss kit kitchen kmd kmgt kmod knee knew knife knock know knowledge known kommando
korea korean kto ktoconfig ktotrainer kubectl kubelet kubepods kubernetes kvm kwargs lab label labor
laboratory lack lad lady lag laid lain lake lambda lambdalabs lammps lamp land landlord landscape
lane lang language lapack laptop large largest lark laser last lastbranch late latency latest latex
latter laugh laughter launch lavatory law lawn lawyer lay layered layout lazily laziness lazy ldap
ldconfig ldd leach lead leadership leaf leaflet league leak lean leap learn lease least leather
leave lecture led ledger left leftover leg legacy legacyversion legal legend legendary legible
legislation legitimate leisure lemon lend length lengthy lenient lenovo lens lent lesbian less
lesson lest let lethal level lfs liability liable liaison lib libarchive libavutil libc libcrypto
libcu libcublas libcublaslt libcud libcuda libcudart libcudnn libcudss libcurand libcusparse
libcusparselt libcxx libegl libel liberal liberty libgl libgldispatch libglx libmamba libmambapy
libmkl libnccl libnvidia libnvjitlink libomp libopenblas libpng libpod librarian library librosa
libssl libstdc libtbb libtorch libtorchcodec libuv licence license lid lie lied life lifecycle
lifespan lifestyle lifetime lift light lightest lightning like likelihood likewise lilyconfig
lilymodel limb limit limitation line linear linguistic link linkage linkerror linode lint linux lip
liquid liquor lisp list listen listify listings lit litellm literal literary literate literature
little live livest livetable llama llamaconfig llamacpp llamafactory llamaforcausallm llamamodel
llava llm llvm lmdeploy lmod lntuningconfig lntuningmodel load loan lobby local localai locale
localhost localstorage locate location lock lockerror lockfile lodge loftqconfig log logic logical
login logits logitswarper logo logout loguru lohaconfig lohamodel lokrconfig lokrmodel lol london
lonely long longest longintrepr longterm look lookup lookuperror loop loopback loophole loose loosen
lora loraconfig loragaconfig loramodel lord lorry lose loss lost lot loud loudest lousy love
lovelace low lowered lowering lowest loyal lrscheduler lshw lsmod lspci lstat lts luck luckily lucky
ludicrous luggage lump lunatic lunch lunchtime lung lurk lust luxury lvm lxc lying lyric mac macbook
machine machineline machinery macos macosx mad made magazine magic magical magnetic magnificent
magnitude mail mailbox main mainframe mainline mainstream maintain maintenance maize major majority
make makecache makefile male malformed malfunction malicious malloc mamba mambacache mambaforge man
manage mandate mandatory mangle mania manifest manifestation manifesto manipulate manipulation
manjaro mankind manpower manual manufacture many manylinux map march margin marginal mariadb marital
mark markdown market markup markupsafe marriage marry marvelous mask mass massive master match
matchspec mate material mathematical mathematician mathematics matmul matmulltstate matplotlib
matrices matrix matrox matter mature maturin maximize maximum maxitems maxlen maxpayload maxrss
maxsize maxsplit maxstartups maxwell may maybe mayor maze mbytes mcdm mclk mdurl meal mean
meaningful meaningless meanings meant meantime meanwhile measure measurements meat mechanic
mechanical mechanism media median medical medicine medieval medium meet meetings mega megabyte
megapixels megatron megatronlmplugin melee mellanox melody melt mem member membership meminfo
memlock memorable memory memoryclockrate memoryerror memoryline memoryview memset memtotal men mend
mental mentality mention menu mercy mere merge merit merry mesa mesh mess message messagefactory
messy met meta metadata metal metaphor metavar method metric metro mexico mhz mib mice micro
microcomputer microcontroller micromamba micron microprocessor microsoft microwave midday middle
midnight midst mig might mighty migrate migration mild mile mileage military milk mill million
milliseconds mimic min mind mindless mine mingw mini miniconda minicpm miniforge minikube minimal
minimalist minimize minimum minister minitems minmax minor minority mint minus minute miopen miracle
miraculous mirage mirror mirrorlist mirrorserver mirrorwish misaligned misbehave misc miscellaneous
misdirect miserable miserably misery misfortune misguide misinterpret mislead misled mismatch
misplace misprint misread misrepresent miss missconfig missile mission missmodel misspelling mist
mistake mistaken mistook mistral mistyped misunderstand misunderstood misuse mit mix mixture mkdir
mkl mknod mksquashfs mkv mlflow mlir mlp mlx mmap mmcv mmio mmproj mnemonic mnk moan mob mobil
mobile moby mock mod modality mode model modelchoice modelfolder modelings modelline modelproto
modelscope modelscopehub moderate moderation modern modest modification modify modprobe modular
module modulefile moduletype moe mok mokutil mold mole molecular molecule mom moment momentarily
momentum mon monday money mongo mongodb monitor monkey monkeypatch monochrome monopoly monotonic
monster montecloraconfig monterey month mood moons moov moral morality more moreover morning moron
mortal mortality moss most mother motherboard motion motivate motive motor motorway motto mount
mountain mouse mouth mov move movements movie moviepy mozilla mpi mpmath mps mpsndarray mrope msc
msg msgid msgspec msgstr msi msvc mtime mtu much muck mud muddle mug multi multigpu multimodal
multipass multiple multiplication multiplier multiply multiprocessing multiprocessors mum mumble
mummy mundane munge murder muscle museum music musical musician musl must mutation muted mutter
mutual mxnet mygpu myself mysql mysterious mystery mystic myth mythical mythology nable nail naive
naked nal name namedtuple nameerror nameless namespace nan nano nanoseconds nargs narrative narrow
narrowest nas nashmdconfig nashmdtrainer nastier nastiest nasty nation national native natural
nature naughty nav navigator nay nbclient nbsp nccl ncclcommwatchdog ncclremoteerror ncclsystemerror
nccluniqueid near nearby nearest neat necessarily necessary necessity neck need needle needless
negate negative neglect negligible negotiable negotiate negotiation neighbor neighborhood neighbours
neither nerve nervous nest net netplan netrc network networkingmode networkx neural neutral never
nevertheless new newcomer newest newsletter newspaper next nframes nfs ngc nginx nice nicest nicht
nick nickname night nightmare nil nine ninja nintendo nix nixos nlp nltk nly nms noarch noble nobody
node nodefaults nodename nodevfiles noexec noheader noise noisy nokia nominal nominate non nonce
none nonetheless nonetype noon noqa nor noreturn norm normal normality normalized north northern
nose nosplit nostalgia not notably note notebook notexisterror nothere nothing notice noticeably
notification notify notion noto notorious notwithstanding noun nounits nouveau nov novel novelty
november novice now nowadays nowhere nplurals npm npp nsight ntfs nuclear nuisance null num numa
numb numba numbered numbering numbest numcudadevices numel numeral numeric numerical numerous numpy
nun nurse nut nvcc nvcr nvgpu nvidia nvidiafb nvkmskapidevice nvl nvlddmkm nvliblist nvlink nvme
nvml nvmldeviceget nvmlerrorstring nvmlinit nvrm nvrmmeminitnvmap nvrtc nvs nvsmi nvswitch
nvtoolsext nvtop oar oauthtoken obey obff object objection objective obligatory oblige obnoxious
obscene obscure obscurity observations observe obsess obsession obsolete obstacle obstruct obtain
obvious occasion occasional occupation occupy occur occurrence ocean oci oct octal october odd oem
ofa off offend offense offensive offered offering offhand office official offline offload
offloadedcache offset offspring oftconfig often oftmodel oid oil okay old oldercopy oldest ollama
omegaconf omission omit omp once one oneself ongoing onion online onlinedpoconfig onlinedpotrainer
only onnx onnxruntime onto onus onward oom oomkilled opaquebase open openai openblas opencl opencv
openmp openmpi openral openssh openssl openstack opensuse openvino opera operand operate operation
operational operator opinion opponent opportunity oppose opposite opposition oppress oppression ops
opt optic optical optim optimal optimistic optimize optimum optimus option optional opus oracle oral
orange orbit orbital orchestra orchestral ord ordered ordering ordinal ordinary organ organic
organisation organizations organize orient oriental orientate orientation origin original originate
originator orin orphans orpo orpoconfig orpotrainer ort orthodox osc oserror osfconfig osfmodel
other othererror otherlanguage otherwise ought ould our ourselves out outbound outcome outcry
outdated outdo outermost outgoing outline outlive outlook outofmemoryerror outofresources output
outputfile outrage outrageous outrank outright outset outside outstanding outward outweigh oval over
overall overcame overcome overdraft overdue overflow overflowerror overhead overlap overlay overleaf
overload overlong overlook overnight overprice overridden override overrode overseas overtime
overtone overview overwhelm overwrite overwritten ovh owe owed owing own ownership oxygen ozone pace
pacifier pack package packet pacman pad paddle page paid pain painful painless paint paintings pair
pairrmjudge pairwise palace pale paligemma pan pandas panel panic pant paper paperback paperspace
par parade paradise paradox paragraph parallel parallelism param parameter paramspec paramwrapper
paranoia paranoid paraphrase pardon parent parentheses parenthesis paris parity park parliament
parochial parody parquet parse parsec parseerror part partial partialstate participant participate
particle particular partition partner party pas pascal passage passenger passes passion passionate
passive passphrase passport passwd password past paste pat patch patent path pathetic pathlib
pathspec patience patient patronize pattern pause pavement pay payments pci pcibusid pcie pciutils
pdb pdf pdi pdsh peace peaceful peak peanut peanutconfig peanutmodel peasant peculiar pedal pedant
pedantic pedantry pedestrian peer peft peftadaptermixin peftconfig pefterror peftmixedmodel
peftmodel peftwarning pen penalty pence pencil pended pending pends penny people pep per perceive
percent percentage perception perceptron perf perfect perfection perform performance perhaps period
periodic periodically peripheral perl permanent permissible permission permissionerror permit
permitrootlogin perpetual persecute persist persistence persistent person personal personality
personnel perspective persuade persuasion perverse pet peta petrol petty pgx pharmacy phase
phenomena phenomenon phi philosopher philosophical philosophy phone photo photocopy photograph
photographic php phrase physic physical physicist physiology piano pick pickle picture pictureerror
pid pie piece pig pigeon pil pile pill pillow pilot pin pinch ping pink pint pip pipe pipeline
pipenv pipx pit pitch pitfall pity pixel pixi pizza pkg pkgconf pkgutil pkill place placeholder
plague plain plan plane planet planetary planline plant plaster plastic plate platform platformdirs
platforminfo plausible play playbook playground plea pleasant please pleasure plenty plot ploy pls
plug plugin plural plus plz pme pname png pocket pod podman poem poet poetic poetry point pointless
poison poke poland polar pole police policeman policy polish polite political politician politics
poll pollution polyconfig polymodel polynomial pompous pool poor poorest pop pope popos populace
popular popularity populate population pork pornography port portability portal portion portray
portuguese pose position positional positive posix possess possession possibility possible possibly
post postage postal postcard postgres postgresql postmaster postpone postproc postscript postulate
pot potato potential pound pour poverty pow powder powered powerful powering powershell ppc ppo
ppoconfig ppotrainer practicable practical practice pragmatic praise pray prctl pre preach
precautions precede precedence precedent precious precise precision predecessor predefined
predictable predicted predicting prediction predicts predominantly prefer preferably preference
prefetchable prefix prefixitems pregnancy pregnant prejudice preliminary prem prematurely premise
premium prepare prepend prescribe prescription presence presentation presented presenting presently
presents preserved preserves preserving president press pressure presumably presume pretended
pretending pretends pretentious pretrained pretrainedconfig pretrainedmodel pretty prevail prevalent
prevent prevention previewer previews previous price pride priest primarily primary prime primitive
prince principal principle print printf printout prior priority prison privacy private privatization
privilege prize prmconfig prmtrainer pro probability probable probably probe problem proc procedure
proceed proceedings process processgroupnccl processor processormixin proclaim produce product
production productive productivity profession professional professor profile profilekwargs profit
profound prog program programdata programmable progress prohibit proj project projection projector
proliferation prolog prologue prolong prometheus prominent promise promote promotion prompt prone
pronoun pronounce pronunciation proof propaganda propagation proper property prophet proportion
proportional proposal propose proposition proprietary prose prosecute prosecution prospect
prospective prostitute protect protection protein protest protobuf protocol prototype proud prove
proven provide provision provisional provocative provoke proximity proxmox proxy proxycommand
proxyconnect proxyerror proxyjump prune pseudo psmodulepath psoftconfig psoftmodel pstate psutil
psychological psychologist psychology pszh ptx ptxas pub public publication publicity publicize
publickey publish pudding pull pulp pulse pump pun punch punctuation puncture punish punt pupil
purchase pure purepath purge purity purple purpose pursue pursuit push put putt puzzle pveraconfig
pveramodel pwd pwr pwrcap pwsh pyarrow pyav pycparser pycryptodome pyd pydantic pyenv pygments pyjwt
pylock pymupdf pynvml pyobject pyopenssl pypi pyproject pypy pyright pyserial pysocks pytest python
pythonhashseed pythonhome pythonhosted pythonioencoding pythonnousersite pythonoptimize pythonpath
pytorch pytorchgelutanh pyvenv pyxis pyyaml qemu qkv qlora qmark qos quadrilateral quadro
qualification qualifier qualify quality quantity quantizations quantize quantlinear quantstate
quantum quarter queen query quest question questionary questionnaire queue quibble quick quickest
quiet quietest quip quit quite quiz quopri quota quotations quote qweight qwen qwenblock
qwentokenizer qzeros rabbitmq rabbits rabid race racial racism racist rack racket radar radeon
radiation radical radio radius rag rage raid rail railroad railway rain rainbow raise ram rampant
ran rancher randloraconfig randloramodel random randomrankjudge rang range rank rant rape rapid rare
rarest rash raspberry rat rate rather ratio rational rationale rattle rave raw ray raytune razor
rdma reach react reactionary reactions read readership readily readings readline readme readonly
ready real realistic reality realize realm realmemory realtek rear rearranged rearranges rearranging
reason reasonably reassured reassures reassuring rebooted rebuilding rebuilds recalled recalling
recalls receipt receive recently reception recipe recipient reckless reckon recognised recognising
recognition recognizable recognize recommend recommendation recomputed reconcile reconnecting
reconnu record recordings recovered recovering recovers recovery recreational recruit rectangle
rectangular rectify recursion recursionerror recursive recv recycled recycles recycling red redact
redaction reddit redefined redefines redefining redhat redirected redirects redis redistributable
reduce reduction redundancy redundant ref reference referendum referred referring refined refines
refining reflect reflection reformed reforming reforms refrain refreshed refreshes refreshing
refusal refused refuses refusing refutable refute reg regard regardless regex regime region regional
register registration registry regression regret regrettably regular regulation rehearsal
rehearsalstep rehearse reign reinstate reiterate reject rejection related relates relating relation
relationship relative relativity relax relay released releases releasing relevance relevant reliably
relief relieve religion religious relocatable reluctance reluctant rely remainder remained remaining
remains remap remarkable remarkably remarked remarking remarks remedy remembered remembering
remembers reminded reminder reminding reminds reminiscent remote remotefile remotesigned removal
removed remover removes removing renamed renames renaming rend rendered rendering rendition renew
rent repaired repairing repairs repeat repeatedly repent repertoire repetition repetitive repl
replaced replacement replaces replacing replayed replays replica replicate reply repo repodata
repodatarecord repofile repolist repomd reported reporter reporting reports repository repr
represent representations representative reproduced reproduces reproducing repulsive reputation req
reqnodenotavail requested requestid requesting requests require requirements requisite reqwest
rereading rereads rerun resampler rescue researcher resemblance resemble reservation reserved
reserves reserving reset residence resident resides resignation resigned resigning resigns resist
resistance resizable resizes resolv resolvectl resolvelib resorted resorting resorts resources
respect respective respond response responsibility responsible rest restarted restarting restarts
restaurant restored restores restoring restrained restraining restrains restricted restricting
restriction restrictive restricts result resume resurrection retain retimer retired retirement
retires retiring retract retrieval retrieve retry returned returning returns reuse rev reveal
revelation revenge reversed reverses reversible reversing revert reviewed reviewing reviews revise
revolt revolution revolutionary rewardconfig rewards rewardtrainer rewrites rewriting rfc rgb rgba
rhel rhetorical rhyme rhythm ribbon rice rich richest rid ridden ride ridiculous right rigid
rigorous ring riot rip rise risen risk risky ritual rivafb rival river rloo rlooconfig rlootrainer
rminitadapter road roadconfig roadmodel robot robust roc roce rock rocket rocky rocm rod rode role
roll rollback rollovers roman romance romantic roof room roomserver root rootless rope rose rot
rotary rotate rotation rotten rouge rough round roundabout rout route routine row royal royalties
rpath rpc rpm rror rtx ruamel rub rubbish ruby rude ruff ruin rule rumor run runc runfile rung
runnable runpath runpod runtime runtimeerror rural rush russia russian rust rustc rustlang rusty
rxerr ryzen sabotage sacct sacctmgr sack sacred sacrifice sad sadden safari safe safeconfigparser
safeguard safest safetensorerror safetensors safety safetyerror saga sagemaker said sail saint sake
salary sale salesman salloc salt salvation samba same sample samsung sand sandwich sane sang
sanitizer sanity sank sans sarcasm sarcastic sat satellite satire satisf satisfaction satisfactorily
satisfactory satisfiable satisfy saturday sauce save savings saw say sbatch sbom sbsa scala scalar
scalartype scale scan scandal scarce scare scarf scarlet scatter scb scenario scene scenery schannel
schedule schema scheme scholar school science scientific scientifically scientist scikit scipy sclk
scontrol scope score scotch scrap scratch scream screen screw script scroll scum sdist sdk sdnext
sdpa sea seagate seal search season seat second secondary secret secretary sect section sector
secular secure security sed see seed seek seem seemingly seen segment segmentation seldom select
selectattr selection selective self selfish selinux sell semantic semicolon seminar send senior
sense sensecore sensible sensibly sensitive sensitivity sensor sent sentence sentencepiece sentient
sentiment sentimental separate separation separator september seq sequel sequence sequential serial
serialization series serious sermon servant serve service session set setattr setenv setlang
setsebool settings settle setup setuperror setuptools seven seventh several severe severity sex
sexist sexual sexuality sexy sff sft sftconfig sfttrainer sglang shade shadow shadowconfig
shadowmodel shake shaken shaky shall shallow shame shanghai shape shapeerror shard share shareholder
sharp she shed sheep sheet shelf shell shelter shelve shenzhen shift shim shine shiny ship
shiraconfig shiramodel shirt shlex shm shock shoe shone shook shoot shop short shortage shortcuts
shorten shortest shorthand shot should shout shove show shown shrink shub shut shutdown shutil shy
siblings sic sick sicken sid side sideways sigh sight sigill sigkill siglip sigma sign signal
signature significance significant sigquit sigsegv silence silent silicon sillier silliest silly
silver similar similarity simple simplejson simplest simplicity simplify simplistic simply simulate
simulation simultaneous sin since sincere sine sinfo sinful sing singapore single singular
singularity sinister sink sinkcache sir sister sit site sitecustomize situate situation six sixteen
sixth sixty size sizeline sizeof skeleton skeptical sketch skill skimage skin skip skirt sklearn
skull sky skylake slack slag slang slash slave sleep slept slice slid slide slight slightest slim
slip slippery slogan slope sloppy slot slow slowdown slowest slurm slurmctld slurmd slurmstepd small
smallest smallish smart smash smell smelly smi smile smith smoke smokestep smooth smudge smug snack
snag snail snap snapshot sneak sneaky sniff snobbery snoop snow snowflake snprintf soap sober social
socialism socialist society sock socket socksio sod soft softmax software soil solar solaris sold
soldier sole solicitor solid solo solution solve some somebody somehow someone someplace something
sometime somewhat somewhere son soname song sonoma sony soon soonest sophisticate sordid sore sorry
sort sortedcontainers sought soul soun sound soundfile soundtrack soup source sourceforge south
southern space spain span spanish spare spark spars sparse spatial spawn speak spec special
specialist specialize specialty species specific specifically specification specifier specifierset
specify specimen specnotfound spectacular spectrum speculate speculation sped speech speed spell
spellings spelt spend spent sphere spider spies spigot spike spill spin spiral spirit spiritual spit
spite splendid split spliterror spoil spoke spoken spokesman sponsor spontaneous spoof spool sport
spot spout sprang spray spread spreadsheet spring sprung spur spurious spy spython sql sqlalchemy
sqlite squad square squash squashfs squeeze squeue sqv sram src srcsize srun sscanf ssd ssh
sshconnect sshd sshpass ssl sslerror stability stable stack stackoverflow staff stage stagger stair
staircase stake stale stall stamp stance stand standalone standard standardize standby standpoint
stanza star stare stark starlette start startle startup starve stash stat state statements static
staticcache station stationary statistic statistical status stay std stddef stderr stdin stdio
stdout steadily steady steal steam steel steep steer stem step stepline stereo stereotype sterile
sterling stevedore stick sticky stiff still stimulate stimulation stir stock stole stolen stomach
stone stood stop stoperror stopiteration storage store storms story str straight straightforward
strain strange strangest strategic strategy straw stray strcmp stream streamlit street strength
strengthen stress stretch strict stride strike stringent strings strip strive stroke strong
strongest strtobool struck struct structural structure struggle stub stuck student studio study
stuff stumble stun stunt stupid stupidity style sub subdir subject subjective submit submodules
subnet subroutines subscribe subscriptable subscription subsequent subset subsidiary subsidize
substances substantial substitute substitution subtle subtlety subtly subway succeed success
successful succession successive successor such sudden sudo sue sued suffer suffice sufficient
suffix sugar suggest suggestion suicidal suicide suing suit suitability suitably suite sum summarize
summary sun sunday sundry sung sunk sunlight sunny sunrise sunshine super superb superficial
superfluous superior superiority supermarket supermicro supernatural superscript supertuningmodel
superuser supervise supervision supervisor supplement supplementary supplier supply support suppose
supposedly suppress suppression supreme sure surest surface surgery surname surplus surprise
surprisingly surrogateescape surround surroundings survey survival survive susceptible suse suspect
suspend suspension suspicion suspicious sustain swallow swam swamp swap swarm swear sweat sweep
sweet swept swift swim swing switch sword swore sworn swum sxid sycl symbol symbolic symmetric
symmetry sympathetic sympathize sympathy symphony symptom sympy sync syndicate syndrome synology
synonym synonymous syntactic syntactically syntax syntaxerror synthesis synthesizer synthetic
sysconfig system systematic systemctl systemd systemexit systeminfo tab table tabulate tack tackle
tactic tactical tactless tag tail tailor taiwan take taken tale talent talk tall tame tangent tank
tant tap tape tar tarball tarfile target task taste tasteless taught tax taxation taxi taxpayer tcc
tcp tcpkeepalive tcsh tdrdelay tea teach team teapot tear technical technique technological
technology tedious tee teenage teeth tegra tel telegram telephone telescope television tell temp
temperature tempfile template templateerror temple temporal temporarily temporary tempt temptation
ten tencent tend tendency tennis tense tension tensor tensorboard tensorflow tensorrt tensortype
tentative tenth tera terecipekwargs term termcolor terminal terminate termination terminator
terminology termios terraform terrible terribly terrify territory terror terrorism terrorist terse
tesla test text textarea textbook textbox textio textiowrapper textstreamer textual texture textwrap
than thank thankful that the thead theater thee theft their them theme themselves then theological
theology theorem theoretical theory therapy there thereabouts thereafter thereby therefore therein
thereof thermal these thesis they thick thief thieve thin thing think thinkpad thinkstation third
thirst thirty this thorough thoroughfare those thou though thought thousand thread threat threaten
three threshold threw throat throttled through throughout throughput throw thrown thrust thu thumb
thursday thx thy tick ticket tidy tie tied tight tightest tiktoken tile till time timedatectl
timedelta timeout timeouterror timescale timestamp timetable timezone timings timm tin tiny
tinyloraconfig tinyloramodel tip tire tiresome title tldr tls tmp tmpdir tmpfs tmux toad toast
tobacco today todo toe together toggle toilet token tokenize tokenizerfast tokyo told tolerance
tolerant tolerate toll tomato tomcat tome toml tomli tomllib tomorrow ton tone tongue tonight too
took tool toolchain toolkit toomanyrequests tooth top topdown topic topical topology torch
torchaudio torchcodec torchfiles torchline torchmetrics torchrun torchsde torchtable torchtext
torchvision tore torn torture tos toshiba total totalelements totalmem touch tough tour tourist
toward tower town toy tpc tqdm trace traceback tracebacktype track trackediterable trade tradition
traditional traffic tragedy tragic trail train transaction transcript transfer transfererror
transform transformation transient transit transition translate translation translator transmission
transmit transparent transport transpose trap trash trashcan travel travelings tray tread treasure
treat treaty tree trek tremendous trend trendy trial triangle tribe trick tricky tried tries trifle
trigger trilogy trim trip triple tripos triton tritonmissing triumph trivia trivial trixie trl
trolley troop trouble troubleshooting trouser trtllm truck true truly trumpet truncate truncation
trunk trust trusty truth truthful try tsinghua tty tube tue tuesday tune tunnel tuple turing turkey
turkish turn turntable tutor tutorial twelve twentieth twenty twice twin twist twitter two tying typ
type typeadapter typeddict typedef typeerror typeguard typeis typeset typevar typewriter typical
typo typographic ubuntu udp uefi ufw ugh ugly uhd uid ulimit ultimate ultra umask umbrella umd
unacceptable unaffected uname unanswered unasked unattended unauthorized unavailable unavoidable
unbalanced unbearable unbelievably unbiased unbounded unbreakable unc unchanged unchecked unclaimed
uncle uncomfortable unconnected unconvincing uncorr uncorrectable undecided undefined under
underestimate undergo undergone undergraduate underground underlain underlay underlie underline
underlying underneath underscore understand understood undertake undertaken undertook underwent
undid undo undocumented undoubtedly unemployed unemployment unexpected unexpectedsplits unexplained
unfetched unfinished unfit unfiterror unfolded unfortunately unfounded unfriendly unhandled
unicodedata uniform unify uniloraconfig uniloramodel unimplemented uninstaller uninteresting
uninterruptible union unique unit unite unity universal universe university unix unixsocket
unjustified unlikely unlimited unloaded unlocked unlocking unlocks unmet unobtainable unpacked
unpacking unpacks unplaced unprotected unproved unquoted unreachable unreadable unreasonable
unrecognized unreliable unrepairable unresolvable unsatisfied unset unsigned unsloth unsolicited
unspecified unsuitable unsupported unsuspecting untagged until unto untouched unusually unwanted
unwilling unworkable unwrapped unzip upbringing update upgrade upip upload upon upper upright ups
upset upside upstairs upstream upward urban urge urgency urgent uri url urlencode urljoin urllib
urlsplit urn usable usage usb use used usedforsecurity usedns useful useless user usercopy
usercustomize usermod username userprofile userspace userwarning using usr ustc usual usualdecoder
utc utf utility utilization utils utter uuid uvicorn uvloop vacancy vacation vacuum vague vain valid
validate validation validity valley valuable value valueerror valve van vandalism vanish var
variable variance variant variation variety various vary vast vat vault vbios vbloraconfig
vbloramodel vector vegetable vegetarian vehicle vein velocity veloraconfig vend vendor ventura
venture venue venv veraconfig veramodel verb verbal verbatim verbose vercel verdana verdict
verification verificationmode verify versatile verse version versus vertical very vessel vet vfat
vfs vga vgpu via viable vicar vice vicinity vicious victim victory vicuna vide video videocapture
videodecoder videometadata videoreader vidia view viewpoint viewport vigorously vile village vintage
vinyl violate violation violence violent violin virgin virt virtual virtualbox virtualenv
virtualization virtue virus visibility visible vision visionattention visit visitor visual vit vital
vlan vllm vmm vms vmware vocab vocabulary vocal voice void vol volatile volcengine volta voltage
volume voluntarily voluntary volunteer vomit vote vouch vowel vpn vram vscode vulkan vulnerability
vulnerable wade waffle wage wait wake walk wall wallet wandb wander want war ward warehouse warm
warn warnings warp warrant warranty wartime wary was wash waste wasteful watch watchdog water watts
wave waveftconfig waveftmodel way wayland wcswidth wcwidth wddm weak weaken weakest weaknesses
weakref wealth wealthy weapon wear weary weasels weather web webbrowser weberror webfolder webm webp
websocket websource webui wed wednesday wee week weekday weekend weigh weight weightsstep
weightsunpickler weird welcome welfare well went were west western wet wget whales what whatever
whatsoever wheel wheelhouse when whence whenever where whereas whereby whereis whereupon wherever
whether which whichever while whilst whim whiskey whisper whistle white whitelist whl who whoever
whole wholeheartedly wholly whom whoop whose why wicked wide widespread widest widows width wife
wifi wiki wild will willingly win wind window wine winerror wing winget winratecallback winter wipe
wire wireguard wisdom wise wisest wish wit witch with withdraw withdrawal withdrawn withdrew
withheld within without witnessed witnesses witnessing witty wive wizard wmi woke woken woman women
won wonder wonderful wondrous wont wontfix wood wooden word wordtocomplete wore work workerproc
workings workload workshop workspace workstation world worldwide worm worn worry worse worship worst
worth worthless worthwhile worthy would wound wow wrap wrath wreck wren wretched wrist writable
write writings written wrong wrote wsl wuauserv www wxh wxhxseconds xavier xbasename xcb xcode xcrun
xenial xeon xet xethub xext xforcausallm xformers xgrammar xiaomi xid xinference xjoin xloraconfig
xloramodel xlrd xml xmlpullparser xopen xorg xoscar xpoconfig xpotrainer xpu xrender yacs yaml
yamlerror yanked yard yarn yawn year yellow yes yesterday yet yeti yield you young youngest your
yourself yourselves youth yum yunohost zen zero zfs zip zipfile zipimporter zlib zlibwapi zone
zookeeper zoom zsh zypper
"""

# What a German sentence goes on with after an account or a preposition: own list.
GERMAN = """
aber alle allem allen aller alles als alt alten am an andere anderem anderen anderer anlegen auch
auf aus bei beide beidem beiden bekommt bereits besitzt beziehungsweise bin bis braucht bzw da daher
dann darf das dass davon dem demselben den denen der deren derselben des deutsch deutschen die dies
diese diesem diesen dieser dieses doch dort drei du durch eigenen eine einem einen einer eines
einmal englisch englischen er erst es etwa etwas euch euer eurem existiert fehlt ganz gar gestern
gibt gleich grund habe haben hat heute hier hinten ich ihm ihn ihnen ihr ihre ihrem ihren immer ist
jede jedem jeden jeder jetzt kann kein keine keinem keinen keiner konnte können läuft löschen macht
man mehr mein meine meinem meinen meiner meldet mich mir mit morgen muss nach neu neuen nicht nichts
noch nun nur oben oder ohne schon sehr seine seinem seinen seiner seit sich sie sieht sind so sofort
soll sollte sonst um und uns unser unsere unserem unseren unten viele vier vom von vor vorn war
warten was wechseln weder weil welche welchem welchen welcher wenn werden wie wieder wird wo wurde
wurden zu zum zur zwei zweite zweiten zwischen ändern über
"""
