//! The words a large catalogue is made of: places, things with their other spellings, kinds of data.

/// A thing that data is about, in every spelling somebody may type.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    /// Simplified characters, as the catalogue has it.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
    /// Pinyin without tones.
    pub pinyin: &'static str,
    /// Initials of the pinyin.
    pub initials: &'static str,
    /// Traditional characters.
    pub traditional: &'static str,
}

impl Thing {
    /// No thing.
    pub const NONE: Self = Self {
        zh: "",
        en: "",
        pinyin: "",
        initials: "",
        traditional: "",
    };
}

macro_rules! things {
    ($($zh:literal $en:literal $pinyin:literal $initials:literal $traditional:literal;)+) => {
        /// What the data is about.
        pub const THINGS: &[Thing] = &[$(Thing {
            zh: $zh, en: $en, pinyin: $pinyin, initials: $initials, traditional: $traditional,
        }),+];
    };
}

things! {
    "人口" "population" "renkou" "rk" "人口";
    "法人" "legal entity" "faren" "fr" "法人";
    "不动产" "real estate" "budongchan" "bdc" "不動產";
    "低保对象" "minimum living allowance" "dibaoduixiang" "dbdx" "低保對象";
    "医疗机构" "medical institution" "yiliaojigou" "yljg" "醫療機構";
    "教师资格" "teacher qualification" "jiaoshizige" "jszg" "教師資格";
    "建设用地" "construction land" "jiansheyongdi" "jsyd" "建設用地";
    "机动车" "motor vehicle" "jidongche" "jdc" "機動車";
    "税务登记" "tax registration" "shuiwudengji" "swdj" "稅務登記";
    "企业年报" "company annual return" "qiyenianbao" "qynb" "企業年報";
    "学籍" "student enrolment" "xueji" "xj" "學籍";
    "空气质量" "air quality" "kongqizhiliang" "kqzl" "空氣質量";
    "养老保险" "pension insurance" "yanglaobaoxian" "ylbx" "養老保險";
    "医疗保险" "medical insurance" "yiliaobaoxian" "ylbx" "醫療保險";
    "失业保险" "unemployment insurance" "shiyebaoxian" "sybx" "失業保險";
    "公积金" "housing fund" "gongjijin" "gjj" "公積金";
    "残疾人" "disabled person" "canjiren" "cjr" "殘疾人";
    "婚姻登记" "marriage registration" "hunyindengji" "hydj" "婚姻登記";
    "出生证明" "birth certificate" "chushengzhengming" "cszm" "出生證明";
    "驾驶证" "driving licence" "jiashizheng" "jsz" "駕駛證";
    "食品经营" "food business" "shipinjingying" "spjy" "食品經營";
    "药品零售" "pharmacy" "yaopinlingshou" "ypls" "藥品零售";
    "水质监测" "water quality" "shuizhijiance" "szjc" "水質監測";
    "排污单位" "polluting facility" "paiwudanwei" "pwdw" "排污單位";
    "地下管线" "underground pipeline" "dixiaguanxian" "dxgx" "地下管線";
    "停车场" "parking lot" "tingchechang" "tcc" "停車場";
    "公交线路" "bus route" "gongjiaoxianlu" "gjxl" "公交線路";
    "道路运输" "road transport" "daoluyunshu" "dlys" "道路運輸";
    "安全生产" "work safety" "anquanshengchan" "aqsc" "安全生產";
    "消防设施" "fire protection" "xiaofangsheshi" "xfss" "消防設施";
    "农村宅基地" "rural homestead" "nongcunzhaijidi" "nczjd" "農村宅基地";
    "耕地保护" "farmland protection" "gengdibaohu" "gdbh" "耕地保護";
    "森林资源" "forest resource" "senlinziyuan" "slzy" "森林資源";
    "河道水位" "river level" "hedaoshuiwei" "hdsw" "河道水位";
    "气象观测" "weather observation" "qixiangguance" "qxgc" "氣象觀測";
    "政府采购" "government procurement" "zhengfucaigou" "zfcg" "政府採購";
    "招标投标" "public tender" "zhaobiaotoubiao" "zbtb" "招標投標";
    "行政许可" "administrative licence" "xingzhengxuke" "xzxk" "行政許可";
    "行政处罚" "administrative penalty" "xingzhengchufa" "xzcf" "行政處罰";
    "社会组织" "social organisation" "shehuizuzhi" "shzz" "社會組織";
    "志愿者" "volunteer" "zhiyuanzhe" "zyz" "志願者";
    "图书借阅" "library loan" "tushujieyue" "tsjy" "圖書借閱";
    "文物保护" "cultural relic" "wenwubaohu" "wwbh" "文物保護";
    "体育场馆" "sports venue" "tiyuchangguan" "tycg" "體育場館";
    "酒店住宿" "hotel stay" "jiudianzhusu" "jdzs" "酒店住宿";
    "房屋租赁" "house lease" "fangwuzulin" "fwzl" "房屋租賃";
    "物业企业" "property management" "wuyeqiye" "wyqy" "物業企業";
    "供水用户" "water customer" "gongshuiyonghu" "gsyh" "供水用戶";
    "用电客户" "electricity customer" "yongdiankehu" "ydkh" "用電客戶";
    "疫苗接种" "vaccination" "yimiaojiezhong" "ymjz" "疫苗接種";
}

/// Names of places without their kind.
pub const PLACES: &[(&str, &str)] = &[
    ("东山", "Dongshan"),
    ("西湖", "Xihu"),
    ("南岭", "Nanling"),
    ("北江", "Beijiang"),
    ("青石", "Qingshi"),
    ("白塔", "Baita"),
    ("云河", "Yunhe"),
    ("大渡", "Dadu"),
    ("龙门", "Longmen"),
    ("凤鸣", "Fengming"),
    ("永兴", "Yongxing"),
    ("永安", "Yongan"),
    ("太平", "Taiping"),
    ("和顺", "Heshun"),
    ("金沙", "Jinsha"),
    ("银桥", "Yinqiao"),
    ("石桥", "Shiqiao"),
    ("柳林", "Liulin"),
    ("梅园", "Meiyuan"),
    ("竹海", "Zhuhai"),
];

/// Kinds of places.
pub const LEVELS: &[(&str, &str)] = &[("区", "District"), ("县", "County"), ("镇", "Town")];

/// Kinds of data.
pub const KINDS: &[(&str, &str)] = &[
    ("基本信息", "register"),
    ("登记信息", "registrations"),
    ("变更记录", "changes"),
    ("统计数据", "statistics"),
    ("名录", "directory"),
    ("许可信息", "permits"),
    ("处罚信息", "penalties"),
    ("年度报告", "yearly report"),
    ("检查记录", "inspections"),
    ("监测数据", "measurements"),
    ("台账", "ledger"),
    ("注销信息", "cancellations"),
    ("申请记录", "applications"),
    ("审批结果", "decisions"),
    ("证照信息", "certificates"),
    ("缴费记录", "payments"),
    ("补贴发放", "subsidies"),
    ("信用评价", "credit ratings"),
    ("投诉举报", "complaints"),
    ("分布图层", "map layer"),
    ("历史档案", "archive"),
    ("预警信息", "warnings"),
    ("评估报告", "assessments"),
    ("备案信息", "filings"),
    ("月度报表", "monthly figures"),
    ("季度报表", "quarterly figures"),
    ("目录清单", "catalogue"),
    ("从业人员", "staff"),
    ("设备清单", "equipment"),
    ("巡查日志", "patrol log"),
    ("事故记录", "incidents"),
    ("培训记录", "trainings"),
    ("资金使用", "spending"),
    ("满意度调查", "satisfaction survey"),
];

/// Themes of the catalogue.
pub const THEMES: &[&str] = &[
    "公共服务",
    "社会保障",
    "城乡建设",
    "医疗卫生",
    "教育文化",
    "生态环境",
    "交通运输",
    "市场监管",
    "公共安全",
    "农业农村",
    "财税金融",
    "能源资源",
];

/// For what data is collected.
pub const PURPOSES: &[&str] = &[
    "惠民政策落实",
    "办事材料免提交",
    "资格核验",
    "统计分析",
    "监督检查",
    "应急处置",
    "信用评价",
    "规划编制",
];

/// Codes of the update cycle.
pub const CYCLES: &[&str] = &[
    "realtime",
    "daily",
    "weekly",
    "ten-days",
    "monthly",
    "quarterly",
    "half-yearly",
    "yearly",
    "irregular",
];
