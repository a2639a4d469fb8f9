"""Lists of words that the patterns need, since grammar alone does not tell a nurse from a mother."""

PROFESSIONS = (
    r"accountant|actor|actress|analyst|animator|architect|artist|assistant|astronomer|attorney|author|baker|banker|"
    r"barber|barista|bartender|biologist|blogger|bookkeeper|builder|bus driver|butcher|caregiver|carpenter|cashier|"
    r"chef|chemist|cleaner|clerk|coach|comedian|consultant|cook|counsell?or|dancer|dentist|designer|detective|"
    r"developer|dietician|director|doctor|driver|dj|economist|editor|electrician|engineer|entrepreneur|farmer|"
    r"firefighter|fireman|fisherman|flight attendant|florist|gardener|geologist|guitarist|hairdresser|hair stylist|"
    r"homemaker|housewife|illustrator|instructor|interpreter|janitor|jeweler|journalist|judge|landscaper|lawyer|"
    r"lecturer|librarian|lifeguard|machinist|magician|mail carrier|manager|mechanic|midwife|model|musician|nanny|"
    r"nurse|nutritionist|optician|painter|paralegal|paramedic|pastor|pharmacist|photographer|physicist|"
    r"physiotherapist|pianist|pilot|plumber|poet|police officer|policeman|priest|principal|producer|professor|"
    r"programmer|psychiatrist|psychologist|realtor|receptionist|reporter|researcher|sailor|salesman|salesperson|"
    r"scientist|secretary|security guard|singer|social worker|soldier|songwriter|stay[- ]at[- ]home (?:mom|dad|mother|father)|"
    r"stylist|student|surgeon|surveyor|tailor|teacher|technician|therapist|trainer|translator|trucker|tutor|veterinarian|"
    r"(?:stock ?)?broker|representative|operator|contractor|intern|rapper|drummer|bassist|wrestler|boxer|freelancer|(?:nurse'?s? )?aide|"
    r"caretaker|bouncer|courier|inspector|investor|sculptor|vet|video editor|violinist|waiter|waitress|welder|writer|youtuber|handyman|hairstylist|executive|officer|worker|agent|owner|"
    r"[\w-]+(?:ologist|ographer|ician)"
)

PETS = (
    r"dogs?|cats?|pupp(?:y|ies)|kittens?|kitt(?:y|ies)|parrots?|rabbits?|bunn(?:y|ies)|horses?|hamsters?|tortoises?|turtles?|goldfish|"
    r"fish|snakes?|lizards?|iguanas?|geckos?|guinea pigs?|ferrets?|chickens?|goats?|cows?|pigs?|birds?|budgies?|"
    r"canar(?:y|ies)|hedgehogs?|frogs?|ducks?|sheep|pon(?:y|ies)|poodles?|labradors?|beagles?|pugs?|bulldogs?|retrievers?|"
    r"german shepherds?|chihuahuas?|dachshunds?|terriers?|husk(?:y|ies)|corgis?|collies?|spaniels?|dalmatians?|great danes?|"
    r"rottweilers?|pit ?bulls?|pets?"
)

CHILDREN = (
    r"sons?|daughters?|kids?|child|children|twins|triplets|bab(?:y|ies)|boys|girls|grandsons?|granddaughters?|grandchild(?:ren)?|"
    r"grandkids?|step-?(?:sons?|daughters?|kids|children)|toddlers?"
)

SIBLINGS = r"brothers?|sisters?|siblings|twin (?:brother|sister)|step-?(?:brothers?|sisters?)"

PARTNERS = r"husband|wife|girlfriend|boyfriend|fianc[eé]e?|partner"

RELATIVES = (
    rf"mother|mom|mum|mommy|father|dad|daddy|parents|brother|sister|siblings|son|daughter|kids|children|grandmother|"
    rf"grandma|grandfather|grandpa|grandparents|uncle|aunt|cousin|niece|nephew|family|roommate|flatmate|best friend|{PARTNERS}"
)

THINGS = (
    r"car|truck|van|motorcycle|motorbike|bike|bicycle|boat|yacht|rv|farm|garden|greenhouse|house|home|apartment|condo|cabin|"
    r"cottage|ranch|restaurant|bakery|shop|store|business|company|studio|gym|bar|cafe|blog|podcast|vlog|website|"
    r"youtube channel|band|guitar|piano|violin|drums|drum set|tattoos?|piercings?|degree|phd|diploma|licen[cs]e|"
    r"legs?|pool|guns?|tractor|stutter|lisp|disability|collection|library|telescope|camera|drone|wheelchair|kayak|canoe|surfboard|skateboard|beard|glasses|scars?|freckles|"
    r"(?:red|blonde?|brown|black|curly|long|short|blue|green|hazel|purple|pink|dyed|grey|gray) (?:hair|eyes)|hair|job|jobs|"
    r"sweet tooth|green thumb|fear of [\w ]+|phobia|accent|allerg(?:y|ies)|asthma|diabetes|dyslexia|adhd|insomnia|arthritis"
)
"""What a person has for long; a question, a cold or an idea is had in the same words."""

TRAITS = (
    r"male|female|homeschooled|native american|retired|unemployed|self[- ]employed|adopted|shy|outgoing|introverted|extroverted|tall|short|bald|left-?handed|"
    r"right-?handed|colou?r[- ]?blind|blind|deaf|disabled|pregnant|overweight|obese|religious|spiritual|jewish|christian|catholic|muslim|"
    r"hindu|buddhist|mormon|atheist|agnostic|gay|lesbian|bisexual|transgender|conservative|liberal|diabetic|dyslexic|"
    r"autistic|bipolar|ambidextrous|bilingual|homeless|rich|wealthy|poor|famous|clumsy|vain|athletic|artistic|creative|"
    r"competitive|american|british|english|irish|scottish|welsh|canadian|australian|german|french|italian|spanish|"
    r"mexican|chinese|japanese|korean|indian|russian|polish|dutch|swedish|norwegian|danish|brazilian|portuguese|"
    r"african american|asian|hispanic|latino|latina|black|greek|turkish|egyptian|filipino|vietnamese|thai|ukrainian"
)
"""Adjectives that last; one is tired or confused in the same words."""

NUMBERS = (
    r"a few|a couple(?: of)?|lots of|a lot of|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|several|some|many|"
    r"\d+|no|any"
)

CHINESE_PROFESSIONS = (
    "老师|教师|医生|护士|司机|警察|律师|经理|农民|工人|木匠|电工|厨师|会计|翻译|记者|编辑|作家|画家|歌手|演员|模特|教练|"
    "教授|科学家|研究员|工程师|程序员|设计师|建筑师|药剂师|面包师|摄影师|理发师|分析师|咨询师|导游|保安|保姆|店长|店员|"
    "快递员|外卖员|服务员|销售员?|客服|公务员|军人|消防员|飞行员|空姐|学生|大学生|研究生|博士生|高中生|初中生|老板|秘书|主播|博主|"
    "自由职业者|家庭主妇|数据分析师|产品经理|项目经理|运营"
)

CHINESE_PETS = "小?狗狗?|小?猫咪?|鹦鹉|兔子|仓鼠|乌龟|金鱼|鱼|鸟|蜥蜴|马|鸡|鸭子?|刺猬|龙猫|宠物"

CHINESE_RELATIVES = (
    "妈妈|母亲|爸爸|父亲|父母|爷爷|奶奶|外公|外婆|姥姥|姥爷|哥哥|弟弟|姐姐|妹妹|儿子|女儿|孩子|老公|丈夫|老婆|妻子|"
    "男朋友|女朋友|男友|女友|叔叔|舅舅|阿姨|姑姑|表哥|表姐|表弟|表妹|室友|家人"
)
